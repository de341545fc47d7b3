// What becomes of a transfer after its record was asked for, told to the other node of the exchange (docs/wire-messages.md, `sp-notice+jws`).

import { randomBytes } from 'node:crypto'

import { base64url, digest, fromBase64url, jcs, newId, seconds, utf8 } from './bytes.mjs'
import { JOSE } from './peer.mjs'
import { demand } from './problem.mjs'
import { evidenceOf } from './requests.mjs'
import { committed, infoOf, open, padded, seal, unpadded } from './sealing.mjs'
import { keyToSealTo, requireLifetime } from './trust.mjs'

const OF_ENROLLMENT = ['enrolled', 'no-show', 'withdrawn']

/** What is said of an enrolment: of today, by an official. */
export function saidOf(kind, organisation) {
  const { official, entry_date } = evidenceOf(organisation)
  return { kind, effective_on: entry_date, official }
}

/**
 * A notice about an exchange.
 *
 * to, id   the other node, and the exchange
 * said     its kind and what belongs to that
 * changed  what is to be wrong with it: how its JSON is written, claims, of the content, of the HPKE context, the entry's class and digests
 */
export async function noticeOf(peer, { to, id }, said, { write = jcs, ...changed } = {}) {
  const key = keyToSealTo(await peer.statement(to), [peer.suite])
  const ids = { iss: peer.entityId, aud: to, exchange_id: id, notice_id: newId(), ...changed.ids }
  const content = { v: 1, ...ids, pt_salt: base64url(randomBytes(32)), ...said, ...changed.content }
  const plaintext = padded(content, write)
  const info = infoOf({ ...ids, kind: 'notice', suite: key.suite, envelope_id: ids.notice_id, enc_kid: key.kid, ...changed.context })
  const ciphertext = await seal(plaintext, key, info)
  const digests = { ct_digest: digest(ciphertext), pt_commit: committed(content.pt_salt, plaintext) }
  const sealed = { suite: key.suite, enc_kid: key.kid, ciphertext: base64url(ciphertext), ...digests }
  const proof = peer.log.append(changed.logged ?? 'request', { ct: digests.ct_digest, pt_commit: digests.pt_commit, ...changed.digests })
  const claims = { ...ids, iat: seconds(), exp: seconds() + 86_400, ...sealed, ...proof, ...changed.claims }
  return { claims, token: peer.sign('sp-notice+jws', claims) }
}

/** That the other node has a notice on its record. */
export async function verifyTaken(peer, token, notice) {
  const claims = await peer.read(token, 'sp-notice-taken+jws', notice.claims.aud)
  const { notice_id, exchange_id, ct_digest } = notice.claims
  demand(claims.notice_id === notice_id && claims.exchange_id === exchange_id, 'other-exchange')
  demand(claims.notice_digest === digest(utf8(notice.token)), 'other-exchange')
  const leaf = await peer.proven(claims, notice.claims.aud)
  demand(leaf.class === 'received' && leaf.digests.ct === ct_digest, 'wrong-leaf')
}

/** A notice of `from` about one of `exchanges`, taken: what it says, and what is answered. */
export async function takenNotice(peer, token, from, exchanges) {
  const claims = await peer.read(token, 'sp-notice+jws', from)
  requireLifetime(claims)
  const { digests, class: kind } = await peer.proven(claims, from)
  demand(kind === 'request', 'wrong-leaf')
  demand(digests.ct === claims.ct_digest && digests.pt_commit === claims.pt_commit, 'leaf-of-another-exchange')
  demand(exchanges.includes(claims.exchange_id), 'other-exchange')
  const ciphertext = fromBase64url(claims.ciphertext)
  demand(digest(ciphertext) === claims.ct_digest, 'other-ciphertext')
  demand(claims.enc_kid === peer.encryption.kid, 'encryption-key-unknown')
  const content = await contentOf(peer, claims, ciphertext)
  const { notice_id, exchange_id } = claims
  const about = { iss: peer.entityId, aud: from, exchange_id, notice_id, notice_digest: digest(utf8(token)), iat: seconds() }
  const receipt = { ...about, ...peer.log.append('received', { ct: claims.ct_digest }) }
  return { content, answer: { status: 200, body: peer.sign('sp-notice-taken+jws', receipt), type: JOSE } }
}

async function contentOf(peer, claims, ciphertext) {
  const info = infoOf({ ...claims, kind: 'notice', envelope_id: claims.notice_id, request_digest: null, recipient_organisation: null })
  const plaintext = await open(ciphertext, peer.encryption, info)
  const content = unpadded(plaintext)
  demand(['iss', 'aud', 'exchange_id', 'notice_id'].every((name) => content[name] === claims[name]), 'sealed-ids-differ')
  demand(committed(content.pt_salt, padded(content)) === claims.pt_commit, 'plaintext-not-committed')
  demand(OF_ENROLLMENT.includes(content.kind) === (content.effective_on !== undefined), 'malformed-token', 400)
  return content
}
