// Signed notes and checkpoints (C2SP signed-note, tlog-checkpoint, tlog-cosignature).

import { sign, verify } from 'node:crypto'

import { ml_dsa44 } from '@noble/post-quantum/ml-dsa.js'

import { sha256, utf8 } from './bytes.mjs'
import { keyOfBytes } from './jws.mjs'
import { demand } from './problem.mjs'

const [ED25519, COSIGNED, ML_DSA_44] = [0x01, 0x04, 0x06]

/** The vkey of a public key (32 bytes) that signs notes under `name`. */
export function vkeyOf(name, publicKey) {
  const material = Buffer.concat([Buffer.from([ED25519]), publicKey])
  return `${name}+${keyId(name, material).toString('hex')}+${material.toString('base64')}`
}

export function parseVkey(vkey) {
  const [name, id] = vkey.split('+', 2)
  const material = Buffer.from(vkey.slice(name.length + id.length + 2), 'base64')
  demand(keyId(name, material).toString('hex') === id, 'verifier-key-malformed')
  return { name, id: Buffer.from(id, 'hex'), type: material[0], publicKey: material.subarray(1) }
}

const keyId = (name, material) => sha256(utf8(`${name}\n`), material).subarray(0, 4)

/** The text of a note, and its signatures. */
export function parseNote(note) {
  const end = note.lastIndexOf('\n\n')
  demand(end > 0 && note.endsWith('\n'), 'note-malformed')
  const signatures = note.slice(end + 2, -1).split('\n').map((line) => {
    const found = /^\u2014 (\S+) ([A-Za-z0-9+/]+=*)$/.exec(line)
    demand(found, 'note-malformed')
    const material = Buffer.from(found[2], 'base64')
    return { name: found[1], id: material.subarray(0, 4), signature: material.subarray(4) }
  })
  return { text: note.slice(0, end + 1), signatures }
}

/** Which of the vkeys signed the note; throws where one of them is named and its signature fails. */
export function signers(note, vkeys) {
  const { text, signatures } = parseNote(note)
  return vkeys.map(parseVkey).filter((key) =>
    signatures.some((line) => {
      if (line.name !== key.name || !line.id.equals(key.id)) return false
      demand(verifies(key, text, line.signature), 'checkpoint-signature-invalid')
      return true
    }),
  )
}

function verifies(key, text, signature) {
  if (key.type === ED25519) return verify(null, utf8(text), keyOfBytes(key.publicKey), signature)
  const [time, rest] = [signature.subarray(0, 8), signature.subarray(8)]
  const message = cosignedMessage(key, text, time.readBigUInt64BE())
  if (key.type === COSIGNED) return verify(null, message, keyOfBytes(key.publicKey), rest)
  return key.type === ML_DSA_44 && ml_dsa44.verify(rest, message, key.publicKey)
}

/** What a witness signs of a checkpoint's text at a time, in seconds. */
export function cosignedMessage(key, text, time) {
  if (key.type === COSIGNED) return utf8(`cosignature/v1\ntime ${time}\n${text}`)
  const { origin, size, root } = parseCheckpoint(text)
  const [named, log] = [utf8(key.name), utf8(origin)]
  const start = Buffer.concat([utf8('subtree/v1\n\0'), Buffer.from([named.length]), named, u64(time)])
  return Buffer.concat([start, Buffer.from([log.length]), log, u64(0n), u64(BigInt(size)), root])
}

export function parseCheckpoint(text) {
  const [origin, size, root, end, ...more] = text.split('\n')
  const found = { origin, size: Number(size), root: Buffer.from(root ?? '', 'base64') }
  demand(end === '' && more.length === 0 && /^(0|[1-9]\d*)$/.test(size) && found.root.length === 32, 'note-malformed')
  return found
}

/** A checkpoint of a log, signed by its key pair. */
export function signedCheckpoint(origin, size, root, pair) {
  const text = `${origin}\n${size}\n${root.toString('base64')}\n`
  const { id } = parseVkey(vkeyOf(origin, Buffer.from(pair.public.x, 'base64url')))
  return `${text}\n\u2014 ${origin} ${Buffer.concat([id, sign(null, utf8(text), pair.key)]).toString('base64')}\n`
}

function u64(number) {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(BigInt(number))
  return bytes
}
