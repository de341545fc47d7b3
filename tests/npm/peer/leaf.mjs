// The entries of a log (docs/wire.md, "The log").

import { randomBytes } from 'node:crypto'

import { ABSENT, base64url, digest, fromBase64url, jcs, newId, seconds } from './bytes.mjs'
import { demand } from './problem.mjs'

const DIGEST = /^[A-Za-z0-9_-]{43}$/

/** A new entry: its bytes, and what opens its context, `about`. */
export function newEntry(kind, digests, about) {
  const context = { salt: base64url(randomBytes(32)), payload: about }
  const commitments = { actor: commitment({ kind: 'system' }), context: opening(context), subject: commitment([]) }
  const leaf = {
    v: 1,
    class: kind,
    t: seconds(),
    id: newId(),
    commitments,
    digests: { ct: ABSENT, decision: ABSENT, pt_commit: ABSENT, ...digests },
    policy_hash: ABSENT,
    key_epoch: new Date().getUTCFullYear(),
  }
  return { entry: jcs(leaf), context }
}

/** The commitment that a salt and a payload open. */
export const opening = ({ salt, payload }) => committedTo(fromBase64url(salt), payload)

/** What a salt and a payload are committed to by. */
export const committedTo = (salt, payload) => digest(salt, jcs(payload))

const commitment = (payload) => committedTo(randomBytes(32), payload)

/** The members of an entry, which has the one form of a leaf. */
export function parseLeaf(entry) {
  const leaf = JSON.parse(entry)
  const digests = [...Object.values(leaf.commitments), ...Object.values(leaf.digests), leaf.policy_hash]
  demand(leaf.v === 1, 'unsupported-version')
  demand(jcs(leaf).equals(entry) && digests.length === 7 && digests.every((one) => DIGEST.test(one)), 'leaf-malformed')
  return leaf
}
