// Values of docs/wire.md: bytes, base64url, digests, RFC 8785, ids and times.

import { createHash, randomBytes } from 'node:crypto'

import canonicalize from 'canonicalize'

export const ABSENT = 'A'.repeat(43)

export const utf8 = (text) => Buffer.from(text, 'utf8')
export const jcs = (value) => utf8(canonicalize(value))
export const sha256 = (...parts) => createHash('sha256').update(Buffer.concat(parts.map((part) => Buffer.from(part)))).digest()
export const base64url = (bytes) => Buffer.from(bytes).toString('base64url')
export const digest = (...parts) => base64url(sha256(...parts))

/** The bytes of base64url in its one form. */
export function fromBase64url(text) {
  const bytes = Buffer.from(text, 'base64url')
  if (base64url(bytes) !== text) throw new Error('not base64url in its one form')
  return bytes
}

export function u32(number) {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(number)
  return bytes
}

/** A UUIDv7 of a moment, this one unless said otherwise (RFC 9562 section 5.7). */
export function newId(at = Date.now()) {
  const bytes = randomBytes(16)
  bytes.writeUIntBE(at, 0, 6)
  bytes[6] = (bytes[6] & 0x0f) | 0x70
  bytes[8] = (bytes[8] & 0x3f) | 0x80
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

export const seconds = () => Math.floor(Date.now() / 1000)
