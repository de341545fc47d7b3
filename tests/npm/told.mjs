// What a script was told, and its client's private key as Web Crypto has it.
import { text } from 'node:stream/consumers'

export const told = JSON.parse(await text(process.stdin))

const ALGORITHMS = {
  Ed25519: { name: 'Ed25519' },
  ES256: { name: 'ECDSA', namedCurve: 'P-256' },
  PS256: { name: 'RSA-PSS', hash: 'SHA-256' },
}

export async function signingKey(jwk) {
  const { alg, kid, use, ...members } = jwk
  return { key: await crypto.subtle.importKey('jwk', members, ALGORITHMS[alg], false, ['sign']), kid }
}

export function say(value) {
  process.stdout.write(JSON.stringify(value) + '\n')
}
