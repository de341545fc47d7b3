// Points of Curve25519 that stand for names with a birth date, and blinding them (docs/wire-messages.md, "What is sought").

import { createHash, createPrivateKey, createPublicKey, diffieHellman, randomBytes } from 'node:crypto'

import { base64url, fromBase64url, sha256, utf8 } from './bytes.mjs'

const P = 2n ** 255n - 19n
const J = 486662n
const DOMAIN = 'safepassage/finding/1 curve25519_XMD:SHA-512_ELL2_NU_'
const PKCS8 = Buffer.from('302e020100300506032b656e04220420', 'hex')
const SPKI = Buffer.from('302a300506032b656e032100', 'hex')
const POINTS = 32

const sha512 = (...parts) => createHash('sha512').update(Buffer.concat(parts)).digest()

function power(base, exponent) {
  let [result, square] = [1n, ((base % P) + P) % P]
  for (let left = exponent; left > 0n; left >>= 1n) {
    if (left & 1n) result = (result * square) % P
    square = (square * square) % P
  }
  return result
}

/** The point that stands for a text: RFC 9380, curve25519_XMD:SHA-512_ELL2_NU_, without clearing the cofactor. */
export function pointOf(text, domain = DOMAIN) {
  const suffix = Buffer.concat([utf8(domain), Buffer.from([domain.length])])
  const first = sha512(Buffer.alloc(128), Buffer.from(text), Buffer.from([0, 48, 0]), suffix)
  const u = BigInt(`0x${sha512(first, Buffer.from([1]), suffix).subarray(0, 48).toString('hex')}`) % P
  const x = (((-J * power(1n + 2n * u * u, P - 2n)) % P) + P) % P
  const isSquare = power(x * x * x + J * x * x + x, (P - 1n) / 2n) <= 1n
  const found = isSquare ? x : (((-x - J) % P) + P) % P
  return Buffer.from(found.toString(16).padStart(64, '0'), 'hex').reverse()
}

/** Each point times a secret of 32 bytes (RFC 7748). */
export function blinded(secret, points) {
  const privateKey = createPrivateKey({ key: Buffer.concat([PKCS8, secret]), format: 'der', type: 'pkcs8' })
  const publicKey = (point) => createPublicKey({ key: Buffer.concat([SPKI, point]), format: 'der', type: 'spki' })
  return points.map((point) => diffieHellman({ privateKey, publicKey: publicKey(point) }))
}

/** What stands for a child of plain names: one text of those that the page names. */
export const textOf = ({ first_name, last_name, birth_date }) => `names|${birth_date}|${first_name.toLowerCase()}|${last_name.toLowerCase()}`

/** 0 to 1,023; the same where month and day are exchanged. */
export function bucketOf(birthDate) {
  const [year, ...others] = birthDate.split('-').map(Number)
  const [less, more] = others.sort((one, other) => one - other)
  return sha256(utf8(`${year} ${less} ${more}`)).readUInt16BE() % 1024
}

/** What a request says of the child: points under a secret, filled up with such as stand for nothing, in the order of their bytes. */
export function soughtOf(person, secret) {
  const points = [pointOf(textOf(person)), ...Array.from({ length: POINTS - 1 }, () => pointOf(randomBytes(32)))]
  return { bucket: bucketOf(person.birth_date), tokens: blinded(secret, points).sort(Buffer.compare).map(base64url) }
}

export const packed = (points) => base64url(Buffer.concat(points))
export const unpacked = (points) => {
  const bytes = fromBase64url(points)
  return Array.from({ length: bytes.length / 32 }, (_, at) => bytes.subarray(32 * at, 32 * at + 32))
}
