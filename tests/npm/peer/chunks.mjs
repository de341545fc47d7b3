// Documents of a record: sealed in chunks, which travel ahead of their envelope (docs/wire-messages.md, "Documents").

import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'

import { base64url, digest, fromBase64url, jcs, sha256, utf8 } from './bytes.mjs'
import { hashesIn } from './jws.mjs'
import { demand, Refused } from './problem.mjs'
import { KIB, MIB } from './sealing.mjs'
import { inclusionPath, leafHash, rootAlong, rootOf } from './tree.mjs'

export const CHUNK = 'application/vnd.safepassage.chunk.v1'
const TAG = 16
const SIZES = [16 * KIB, 64 * KIB, 256 * KIB, MIB]
const BOUND = ['suite', 'iss', 'aud', 'recipient_organisation', 'exchange_id', 'envelope_id', 'request_digest', 'enc_kid']

/** What the chunks of a document are bound to: the envelope's ids, and the number of its first chunk in the body. */
export function headerOf(ids, first) {
  const bound = Object.fromEntries(BOUND.map((name) => [name, ids[name]]))
  return sha256(utf8('safepassage/chunks/1\0'), jcs({ v: 1, first, ...bound }))
}

const chunkCount = (size) => Math.max(1, Math.ceil(size / MIB))

function nonce(number, count) {
  const bytes = Buffer.alloc(12)
  bytes.writeUInt32BE(number, 7)
  bytes[11] = number === count - 1 ? 1 : 0
  return bytes
}

/** The sealed chunks of a content. */
export function sealedChunks(content, key, header) {
  const count = chunkCount(content.length)
  return Array.from({ length: count }, (_, number) => {
    const part = content.subarray(number * MIB, (number + 1) * MIB)
    const cipher = createCipheriv('aes-256-gcm', key, nonce(number, count)).setAAD(header)
    const padded = Buffer.concat([part], SIZES.find((size) => size >= part.length))
    return Buffer.concat([cipher.update(padded), cipher.final(), cipher.getAuthTag()])
  })
}

/** The content of sealed chunks, `size` bytes long. */
export function openedChunks(sealed, { key, size }, header) {
  demand(sealed.length === chunkCount(size), 'attachments-differ')
  const opened = sealed.map((chunk, number) => {
    const end = chunk.length - TAG
    const cipher = createDecipheriv('aes-256-gcm', key, nonce(number, sealed.length)).setAAD(header).setAuthTag(chunk.subarray(end))
    try {
      return Buffer.concat([cipher.update(chunk.subarray(0, end)), cipher.final()])
    } catch {
      throw new Refused('chunk-not-opened')
    }
  })
  return Buffer.concat(opened).subarray(0, size)
}

/** What an envelope says of its body: `sealed` is its ciphertext. */
export const bodyOf = (chunks, sealed) => ({
  chunks: chunks.length,
  root: base64url(rootOf(chunks.map(leafHash))),
  sealed: digest(sealed),
})

/** The envelope's `ct_digest`. */
export const boundTo = (body) => digest(utf8('safepassage/body/1\0'), jcs(body))

/** What goes with the record: `attachments` as said inside, and all chunks in order. Each document {element, media_type, content}. */
export function attached(documents, ids, changed = {}) {
  const chunks = []
  const attachments = documents.map(({ content, ...about }) => {
    const [key, first] = [randomBytes(32), chunks.length]
    chunks.push(...sealedChunks(content, key, headerOf({ ...ids, ...changed.header }, first)))
    return { ...about, size: content.length, digest: digest(content), first, key: base64url(key), ...changed.document }
  })
  return { attachments, chunks }
}

/** A chunk as it travels. */
export function chunkMessage(chunks, number) {
  const path = inclusionPath(chunks.map(leafHash), number)
  return Buffer.concat([...path, chunks[number]])
}

/** The sealed chunk in a message, which is number so and so of the body. */
export function provenChunk(message, number, { chunks, root }) {
  demand(number < chunks, 'chunk-refused')
  const sealed = [...SIZES].reverse().map((size) => size + TAG).find((size) => size <= message.length && (message.length - size) % 32 === 0)
  demand(sealed, 'chunk-refused')
  const [path, chunk] = [message.subarray(0, message.length - sealed), message.subarray(message.length - sealed)]
  demand(rootAlong(leafHash(chunk), number, chunks, hashesIn(path)).equals(fromBase64url(root)), 'chunk-refused')
  return chunk
}

/** The documents of an opened package, out of the chunks of its body. */
export function documentsOf(content, claims, chunks) {
  return content.attachments.map((one, at) => {
    const end = content.attachments[at + 1]?.first ?? chunks.length
    const key = fromBase64url(one.key)
    const document = openedChunks(chunks.slice(one.first, end), { key, size: one.size }, headerOf(claims, one.first))
    demand(digest(document) === one.digest, 'attachments-differ')
    return { element: one.element, media_type: one.media_type, digest: one.digest }
  })
}
