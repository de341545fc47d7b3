// Signed messages: compact JWS of Ed25519 or ES384, or sharing one of Ed25519 (docs/wire.md, "Signatures").

import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto'

import { base64url, digest, fromBase64url, jcs, u32, utf8 } from './bytes.mjs'
import { demand } from './problem.mjs'
import { inclusionPath, leafHash, rootAlong, rootOf } from './tree.mjs'

const SHARED = 'urn:safepassage:alg:ed25519-merkle-batch-1'
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex')

/** A key pair of Ed25519: of a 32-byte seed, or a new one. */
export function keyPair(seed) {
  const key = seed && createPrivateKey({ key: Buffer.concat([PKCS8, seed]), format: 'der', type: 'pkcs8' })
  return ofPrivateJwk((key ?? generateKeyPairSync('ed25519').privateKey).export({ format: 'jwk' }))
}

/** A new key pair of ES384. */
export const p384Pair = () => ofPrivateJwk(generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey.export({ format: 'jwk' }))

export function ofPrivateJwk(jwk) {
  const { d, ...named } = jwk
  const kid = thumbprint(named)
  const alg = jwk.kty === 'EC' ? 'ES384' : 'Ed25519'
  return { key: createPrivateKey({ key: jwk, format: 'jwk' }), kid, alg, private: jwk, public: { ...named, kid, alg, use: 'sig' } }
}

/** The key of a public JWK, which is named by its thumbprint. */
export function publicKeyOf(jwk) {
  demand(jwk.kid === thumbprint(jwk), 'malformed-token', 400)
  return createPublicKey({ key: jwk, format: 'jwk' })
}

/** RFC 7638. */
const thumbprint = ({ crv, kty, x, y }) => digest(jcs(y === undefined ? { crv, kty, x } : { crv, kty, x, y }))

const options = (alg, key) => (alg === 'ES384' ? ['sha384', { key, dsaEncoding: 'ieee-p1363' }] : [null, key])

function signature(input, { alg, key }) {
  const [hash, named] = options(alg, key)
  return sign(hash, input, named)
}

function verifies(bytes, input, { alg, key }) {
  const [hash, named] = options(alg, key)
  return verify(hash, input, named, bytes)
}

/** The key of the 32 bytes of an Ed25519 public key. */
export const keyOfBytes = (bytes) => createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: base64url(bytes) }, format: 'jwk' })

/** A token. `write`: the JSON of its parts; any will do. */
export function signed(typ, claims, pair, header = { alg: pair.alg, kid: pair.kid, typ }, write = jcs) {
  const input = `${base64url(write(header))}.${base64url(write(claims))}`
  return `${input}.${base64url(signature(utf8(input), pair))}`
}

/** Tokens of one type that share a signature. */
export function signedTogether(typ, all, pair) {
  const header = base64url(jcs({ alg: SHARED, kid: pair.kid, typ }))
  const inputs = all.map((claims) => utf8(`${header}.${base64url(jcs(claims))}`))
  const hashes = inputs.map(leafHash)
  const shared = sign(null, sharedInput(inputs.length, rootOf(hashes)), pair.key)
  return inputs.map((input, index) => {
    const parts = [Buffer.from([1]), u32(index), u32(inputs.length), ...inclusionPath(hashes, index), shared]
    return `${input}.${base64url(Buffer.concat(parts))}`
  })
}

const sharedInput = (size, root) => Buffer.concat([utf8('safepassage/batch/1\0'), u32(size), root])

/** Header and claims of a token, not verified. */
export function read(token) {
  const segments = token.split('.')
  demand(segments.length === 3, 'malformed-token', 400)
  const [header, claims] = segments.slice(0, 2).map((segment) => JSON.parse(fromBase64url(segment)))
  return { header, claims, input: utf8(`${segments[0]}.${segments[1]}`), signature: fromBase64url(segments[2]) }
}

/** The claims of a token that one of `jwks` signed as a message of type `typ`. */
export function verified(token, typ, jwks) {
  const { header, claims, input, signature: bytes } = read(token)
  demand(Object.keys(header).sort().join() === 'alg,kid,typ', 'malformed-token', 400)
  demand(header.typ === typ, 'unexpected-type', 400)
  const jwk = jwks.find((one) => one.kid === header.kid)
  demand(jwk, 'unknown-key', 401)
  const key = publicKeyOf(jwk)
  if (header.alg === SHARED && jwk.alg === 'Ed25519') {
    verifyShared(bytes, input, key)
  } else {
    demand(header.alg === jwk.alg && verifies(bytes, input, { alg: jwk.alg, key }), 'bad-signature', 401)
  }
  demand(claims.v === 1, 'unsupported-version')
  return claims
}

function verifyShared(bytes, input, key) {
  const [index, size, end] = [bytes.readUInt32BE(1), bytes.readUInt32BE(5), bytes.length - 64]
  demand(bytes[0] === 1 && size <= 1024 && (end - 9) % 32 === 0, 'bad-signature', 401)
  const path = hashesIn(bytes.subarray(9, end))
  const root = rootAlong(leafHash(input), index, size, path)
  demand(verify(null, sharedInput(size, root), key, bytes.subarray(end)), 'bad-signature', 401)
}

/** A path that is one string of bytes, as its hashes. */
export function hashesIn(bytes) {
  return Array.from({ length: bytes.length / 32 }, (_, at) => bytes.subarray(32 * at, 32 * at + 32))
}
