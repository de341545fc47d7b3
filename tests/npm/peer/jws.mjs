// Signed messages: compact JWS of Ed25519, alone or sharing a signature (docs/wire.md, "Signatures").

import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto'

import { base64url, digest, fromBase64url, jcs, u32, utf8 } from './bytes.mjs'
import { demand } from './problem.mjs'
import { inclusionPath, leafHash, rootAlong, rootOf } from './tree.mjs'

const SHARED = 'urn:safepassage:alg:ed25519-merkle-batch-1'
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex')

/** A key pair: of a 32-byte seed, or a new one. */
export function keyPair(seed) {
  const key = seed ? createPrivateKey({ key: Buffer.concat([PKCS8, seed]), format: 'der', type: 'pkcs8' }) : generateKeyPairSync('ed25519').privateKey
  return ofPrivateJwk(key.export({ format: 'jwk' }))
}

export function ofPrivateJwk(jwk) {
  const key = createPrivateKey({ key: jwk, format: 'jwk' })
  const kid = digest(jcs({ crv: 'Ed25519', kty: 'OKP', x: jwk.x }))
  return { key, kid, private: jwk, public: { kty: 'OKP', crv: 'Ed25519', x: jwk.x, kid, alg: 'Ed25519', use: 'sig' } }
}

/** The key of a public JWK, which is named by its thumbprint. */
export function publicKeyOf(jwk) {
  demand(jwk.kid === digest(jcs({ crv: jwk.crv, kty: jwk.kty, x: jwk.x })), 'malformed-token', 400)
  return createPublicKey({ key: jwk, format: 'jwk' })
}

/** The key of the 32 bytes of an Ed25519 public key. */
export const keyOfBytes = (bytes) => createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: base64url(bytes) }, format: 'jwk' })

/** A token. `write`: the JSON of its parts; any will do. */
export function signed(typ, claims, pair, header = { alg: 'Ed25519', kid: pair.kid, typ }, write = jcs) {
  const input = `${base64url(write(header))}.${base64url(write(claims))}`
  return `${input}.${base64url(sign(null, utf8(input), pair.key))}`
}

/** Tokens of one type that share a signature. */
export function signedTogether(typ, all, pair) {
  const header = base64url(jcs({ alg: SHARED, kid: pair.kid, typ }))
  const inputs = all.map((claims) => utf8(`${header}.${base64url(jcs(claims))}`))
  const hashes = inputs.map(leafHash)
  const signature = sign(null, sharedInput(inputs.length, rootOf(hashes)), pair.key)
  return inputs.map((input, index) => {
    const parts = [Buffer.from([1]), u32(index), u32(inputs.length), ...inclusionPath(hashes, index), signature]
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
  const { header, claims, input, signature } = read(token)
  demand(Object.keys(header).sort().join() === 'alg,kid,typ', 'malformed-token', 400)
  demand(header.typ === typ, 'unexpected-type', 400)
  const jwk = jwks.find((one) => one.kid === header.kid)
  demand(jwk, 'unknown-key', 401)
  const key = publicKeyOf(jwk)
  if (header.alg === SHARED) {
    verifyShared(signature, input, key)
  } else {
    demand(header.alg === jwk.alg && verify(null, input, key, signature), 'bad-signature', 401)
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
