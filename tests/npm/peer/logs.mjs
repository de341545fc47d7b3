// One's own log, and what is believed of others' (docs/wire.md, "A logged message").

import { base64url, fromBase64url } from './bytes.mjs'
import { hashesIn } from './jws.mjs'
import { newEntry, parseLeaf } from './leaf.mjs'
import { parseCheckpoint, parseNote, signedCheckpoint, signers } from './notes.mjs'
import { demand, Refused } from './problem.mjs'
import { consistencyPath, inclusionPath, leafHash, rootAlong, rootOf, verifyConsistency } from './tree.mjs'
import { activeKeys } from './trust.mjs'

/** A log in memory, under one key. */
export class OwnLog {
  hashes = []
  /** By index: {entry, context}. */
  entries = []

  constructor(origin, pair) {
    this.origin = origin
    this.pair = pair
  }

  /** Log an entry: the members of a message that prove it. */
  append(kind, digests, about = {}) {
    const { entry, context } = newEntry(kind, digests, about)
    this.entries.push({ entry, context })
    this.hashes.push(leafHash(entry))
    return this.proven(entry, this.hashes.length - 1)
  }

  proven(entry, index) {
    const path = inclusionPath(this.hashes, index)
    return { entry: base64url(entry), index, path: base64url(Buffer.concat(path)), checkpoint: this.checkpoint(), consistency: null }
  }

  checkpoint() {
    return signedCheckpoint(this.origin, this.hashes.length, rootOf(this.hashes), this.pair)
  }

  /** What `GET /v1/peer/consistency` answers. */
  consistency(from, to) {
    return consistencyPath(this.hashes.slice(0, to), from).map(base64url)
  }
}

/** Other nodes' logs: the largest checkpoint of each that was verified. */
export class SeenLogs {
  pinned = new Map()

  size(member) {
    return Math.max(0, ...member.logs.map(({ origin }) => this.pinned.get(origin)?.size ?? 0))
  }

  /** The leaf that a message of `member` proves, whose checkpoint continues what was seen. `ask`: its log for a path. */
  async verify(message, member, ask) {
    demand(message.entry && message.path !== undefined && message.checkpoint, 'without-proof')
    const checkpoint = parseCheckpoint(parseNote(message.checkpoint).text)
    demand(signers(message.checkpoint, activeKeys(member, checkpoint.origin)).length > 0, 'checkpoint-not-signed')
    const [entry, path] = [fromBase64url(message.entry), hashesIn(fromBase64url(message.path))]
    const root = rootAlong(leafHash(entry), message.index, checkpoint.size, path)
    demand(root.equals(checkpoint.root), 'inclusion-not-proven')
    await this.#link(checkpoint, message.consistency, path, ask)
    return parseLeaf(entry)
  }

  async #link(checkpoint, offered, path, ask) {
    const known = this.pinned.get(checkpoint.origin)
    if (known) {
      const [older, newer] = known.size <= checkpoint.size ? [known, checkpoint] : [checkpoint, known]
      verifyConsistency(older, newer, await between(older, newer, known, offered, path, ask))
    }
    if (!known || known.size < checkpoint.size) this.pinned.set(checkpoint.origin, checkpoint)
  }
}

async function between(older, newer, known, offered, path, ask) {
  if (older.size === newer.size) return []
  if (offered && older === known && offered.from === known.size) {
    return [...hashesIn(fromBase64url(offered.path)), ...path.slice(path.length - offered.shared)]
  }
  if (!ask) throw new Refused('consistency-not-shown')
  return (await ask(older.origin, older.size, newer.size)).map(fromBase64url)
}
