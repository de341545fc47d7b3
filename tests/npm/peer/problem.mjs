// What is refused has a code, of docs/wire.md.

export class Refused extends Error {
  constructor(code, status = 422) {
    super(code)
    this.code = code
    this.status = status
  }
}

/** Throws Refused unless it holds. */
export function demand(holds, code, status) {
  if (!holds) throw new Refused(code, status)
}
