// What is sealed between nodes: HPKE with X25519 and ML-KEM-768, its context, padding and commitment (docs/wire.md, "Sealing").

import { AEAD_AES_256_GCM, CipherSuite } from 'hpke'
import { KDF_SHAKE256, KEM_MLKEM768_X25519 } from '@panva/hpke-noble'

import { digest, fromBase64url, jcs, sha256, u32, utf8 } from './bytes.mjs'
import { demand, Refused } from './problem.mjs'

export const SUITE = 'mlkem768-x25519.shake256.aes-256-gcm.ed25519'
export const OVERHEAD = 1120 + 16
const ENC = 1120
const KIB = 1024
const MIB = 1024 * KIB
const CONTEXT = ['kind', 'suite', 'iss', 'aud', 'recipient_organisation', 'exchange_id', 'envelope_id', 'request_digest', 'enc_kid']

const hpke = new CipherSuite(KEM_MLKEM768_X25519, KDF_SHAKE256, AEAD_AES_256_GCM)

/** HPKE's `info` for what is bound to these ids. */
export function infoOf(ids) {
  const context = Object.fromEntries(CONTEXT.map((name) => [name, ids[name] ?? null]))
  return sha256(utf8('safepassage/exchange/1\0'), jcs({ v: 1, ...context }))
}

/** A new key to which others seal. */
export async function newKey() {
  const { publicKey, privateKey } = await hpke.GenerateKeyPair(true)
  const bytes = Buffer.from(await hpke.SerializePublicKey(publicKey))
  return { privateKey, bytes, kid: digest(bytes) }
}

/** The private key of a 32-byte seed. */
export const privateKeyOf = (seed) => hpke.DeserializePrivateKey(seed)

export async function seal(plaintext, publicKey, info) {
  const key = await hpke.DeserializePublicKey(publicKey)
  const { encapsulatedSecret, ciphertext } = await hpke.Seal(key, plaintext, { info })
  return Buffer.concat([encapsulatedSecret, ciphertext])
}

export async function open(sealed, privateKey, info) {
  try {
    return Buffer.from(await hpke.Open(privateKey, sealed.subarray(0, ENC), sealed.subarray(ENC), { info }))
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

export const isSizeClass = (size) => [16 * KIB, 64 * KIB, 256 * KIB].includes(size) || (size > 0 && size <= 16 * MIB && size % MIB === 0)

export function unpadded(plaintext) {
  const end = 4 + plaintext.readUInt32BE(0)
  demand(isSizeClass(plaintext.length) && end <= plaintext.length, 'padding-malformed')
  demand(plaintext.subarray(end).every((byte) => byte === 0), 'padding-malformed')
  return JSON.parse(plaintext.subarray(4, end))
}

export const committed = (salt, plaintext) => digest(fromBase64url(salt), plaintext)
