// Parts of a chain: what each log has of an exchange, proven under one checkpoint (docs/wire-messages.md, `sp-chain-part+jws`).

import { base64url, digest, fromBase64url, seconds, utf8 } from './bytes.mjs'
import { opening, parseLeaf } from './leaf.mjs'
import { parseCheckpoint, parseNote, signers } from './notes.mjs'
import { demand } from './problem.mjs'
import { consistencyPath, inclusionPath, leafHash, rootAlong, verifyConsistency } from './tree.mjs'
import { activeKeys } from './trust.mjs'

/** A link to an entry of the own log. `opened`: whether its context is told. */
export function linkOf(log, act, envelope_id, index, opened) {
  const { entry, context } = log.entries[index]
  const path = inclusionPath(log.hashes, index).map(base64url)
  return { act, envelope_id, index, entry: base64url(entry), path, checkpoint: 0, context: opened ? context : null, destroyed_at: null }
}

/** Our part of an exchange, for `aud`. `sizes`: of the checkpoints that our messages had. */
export function partOf(peer, { aud, exchange_id, sizes, links, ...more }) {
  const { log } = peer
  const smaller = [...new Set(sizes)].filter((from) => from < log.hashes.length)
  const continues = smaller.map((from) => ({ from, path: consistencyPath(log.hashes, from).map(base64url), checkpoint: 0 }))
  return { iss: peer.entityId, aud, exchange_id, iat: seconds(), checkpoints: [log.checkpoint()], continues, links, ...more }
}

/** What is bound to the messages of an exchange, by act: the class of its entry, and its `ct`. */
export function pinned({ request, envelope, r1, r2 }) {
  const of = (token) => digest(utf8(token))
  const { ct_digest } = envelope.claims
  return {
    requested: ['request', request.digest],
    'request-received': ['request', request.digest],
    disclosed: ['disclosure', ct_digest],
    received: ['received', ct_digest],
    'receipt-recorded': ['receipt', of(r1)],
    filed: ['load', ct_digest],
    'outcome-recorded': ['receipt', of(r2)],
  }
}

/**
 * The acts of the part in a token of `from`, each with what is told of it.
 *
 * messages  those of the exchange: {request, envelope, r1, r2}
 * earlier   checkpoints of the same log that messages had
 */
export async function verifyPart(peer, token, from, messages, earlier) {
  const claims = await peer.read(token, 'sp-chain-part+jws', from)
  demand(claims.exchange_id === messages.request.id, 'other-exchange')
  const checkpoints = claims.checkpoints.map((note) => {
    const checkpoint = parseCheckpoint(parseNote(note).text)
    demand(signers(note, activeKeys(peer.member(from), checkpoint.origin)).length > 0, 'checkpoint-not-signed')
    return checkpoint
  })
  for (const older of earlier.map((note) => parseCheckpoint(parseNote(note).text))) {
    const found = claims.continues.find((one) => one.from === older.size)
    verifyConsistency(older, checkpoints[found?.checkpoint ?? 0], (found?.path ?? []).map(fromBase64url))
  }
  return claims.links.map((link) => told(link, checkpoints[link.checkpoint], pinned(messages)[link.act]))
}

function told({ act, index, entry, path, context }, { size, root }, [kind, ct]) {
  const bytes = fromBase64url(entry)
  demand(rootAlong(leafHash(bytes), index, size, path.map(fromBase64url)).equals(root), 'inclusion-not-proven')
  const leaf = parseLeaf(bytes)
  demand(leaf.class === kind && leaf.digests.ct === ct, 'chain-not-proven')
  demand(context === null || opening(context) === leaf.commitments.context, 'commitment-not-opened')
  return [act, context?.payload]
}
