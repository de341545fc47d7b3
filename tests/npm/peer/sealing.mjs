// What is sealed between nodes: HPKE with a hybrid key, its context, padding and commitment (docs/wire.md, "Sealing").

import { KDF_SHAKE256, KEM_MLKEM1024_P384, KEM_MLKEM768_X25519 } from '@panva/hpke-noble'
import { AEAD_AES_256_GCM, CipherSuite, KDF_HKDF_SHA384 } from 'hpke'

import { base64url, digest, fromBase64url, jcs, sha256, u32, utf8 } from './bytes.mjs'
import { demand, Refused } from './problem.mjs'

export const KIB = 1024
export const MIB = 1024 * KIB
const TAG = 16
const CONTEXT = ['kind', 'suite', 'iss', 'aud', 'recipient_organisation', 'exchange_id', 'envelope_id', 'request_digest', 'enc_kid']

/** The registered suites: how each seals, the length of its encapsulated keys, and the `alg` of its signatures. */
export const SUITES = {
  'mlkem768-x25519.shake256.aes-256-gcm.ed25519': {
    hpke: new CipherSuite(KEM_MLKEM768_X25519, KDF_SHAKE256, AEAD_AES_256_GCM),
    enc: 1120,
    alg: 'Ed25519',
  },
  'mlkem1024-p384.hkdf-sha384.aes-256-gcm.es384': {
    hpke: new CipherSuite(KEM_MLKEM1024_P384, KDF_HKDF_SHA384, AEAD_AES_256_GCM),
    enc: 1665,
    alg: 'ES384',
  },
}
export const [DEFAULT] = Object.keys(SUITES)

/** HPKE's `info` for what is bound to these ids. */
export function infoOf(ids) {
  const context = Object.fromEntries(CONTEXT.map((name) => [name, ids[name] ?? null]))
  return sha256(utf8('safepassage/exchange/1\0'), jcs({ v: 1, ...context }))
}

/** A new key to which others seal: `said` is what they are told of it. */
export async function newKey(suite) {
  const { hpke } = SUITES[suite]
  const { publicKey, privateKey } = await hpke.GenerateKeyPair(true)
  const bytes = await hpke.SerializePublicKey(publicKey)
  return { suite, privateKey, kid: digest(bytes), said: { suite, public_key: base64url(bytes) } }
}

/** The private key of a 32-byte seed. */
export const keyOfSeed = async (seed, suite) => ({ suite, privateKey: await SUITES[suite].hpke.DeserializePrivateKey(seed) })

/** Sealed to a public key as its owner says it: {suite, public_key}. */
export async function seal(plaintext, { suite, public_key }, info) {
  const { hpke } = SUITES[suite]
  const key = await hpke.DeserializePublicKey(fromBase64url(public_key))
  const { encapsulatedSecret, ciphertext } = await hpke.Seal(key, plaintext, { info })
  return Buffer.concat([encapsulatedSecret, ciphertext])
}

export async function open(sealed, { suite, privateKey }, info) {
  const { hpke, enc } = SUITES[suite]
  try {
    return Buffer.from(await hpke.Open(privateKey, sealed.subarray(0, enc), sealed.subarray(enc), { info }))
  } catch {
    throw new Refused('ciphertext-unopened')
  }
}

/** The plaintext of a content: its length, its JSON, zeros up to its size class. */
export function padded(content, write = jcs) {
  const json = Buffer.from(write(content))
  const needed = json.length + 4
  const size = [16 * KIB, 64 * KIB, 256 * KIB, MIB].find((one) => one >= needed) ?? Math.ceil(needed / MIB) * MIB
  return Buffer.concat([u32(json.length), json], size)
}

export function unpadded(plaintext) {
  const end = 4 + plaintext.readUInt32BE(0)
  demand(isSizeClass(plaintext.length) && end <= plaintext.length, 'padding-malformed')
  demand(plaintext.subarray(end).every((byte) => byte === 0), 'padding-malformed')
  return JSON.parse(plaintext.subarray(4, end))
}

/** Whether a ciphertext of the suite has the length of a padded plaintext. */
export const hasSizeClass = (ciphertext, suite) => isSizeClass(ciphertext.length - SUITES[suite].enc - TAG)

const isSizeClass = (size) => [16 * KIB, 64 * KIB, 256 * KIB].includes(size) || (size > 0 && size <= 16 * MIB && size % MIB === 0)

export const committed = (salt, plaintext) => digest(fromBase64url(salt), plaintext)
