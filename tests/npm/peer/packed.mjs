// Envelopes as they travel to a node that takes them packed (docs/wire-messages.md, "sp-envelope+jws").

import { base64url, fromBase64url, u32, utf8 } from './bytes.mjs'
import { demand } from './problem.mjs'

export const PACKED = 'application/vnd.safepassage.envelope.packed.v1'

/** An envelope's body, packed. */
export function pack(body) {
  const end = 4 + body.readUInt32BE(0)
  const segments = body.toString('latin1', 4, end).split('.').map(fromBase64url)
  return Buffer.concat([...segments.flatMap((segment) => [u32(segment.length), segment]), body.subarray(end)])
}

/** The body that was packed. */
export function unpack(message) {
  const segments = []
  let at = 0
  for (let number = 0; number < 3; number += 1) {
    demand(at + 4 < message.length, 'envelope-malformed', 400)
    const [start, length] = [at + 4, message.readUInt32BE(at)]
    at = start + length
    demand(length > 0 && at < message.length, 'envelope-malformed', 400)
    segments.push(base64url(message.subarray(start, at)))
  }
  const token = utf8(segments.join('.'))
  return Buffer.concat([u32(token.length), token, message.subarray(at)])
}
