// What else a requester tells: that the child came, and that an answer is not waited for any more (docs/wire-messages.md).

import { randomBytes } from 'node:crypto'

import { base64url, digest, jcs, newId, seconds, utf8 } from './bytes.mjs'
import { demand } from './problem.mjs'
import { evidenceOf } from './requests.mjs'
import { committed, infoOf, padded, seal } from './sealing.mjs'
import { keyToSealTo } from './trust.mjs'

/** A notice that the child of a request is enrolled since today. `write`: its content's JSON, of which only one form will do. */
export async function enrolled(peer, request, write = jcs) {
  const key = keyToSealTo(await peer.statement(request.holder), [peer.suite])
  const ids = { iss: peer.entityId, aud: request.holder, exchange_id: request.id, notice_id: newId() }
  const { official, entry_date } = evidenceOf(request.organisation)
  const said = { kind: 'enrolled', effective_on: entry_date, official }
  const content = { v: 1, ...ids, pt_salt: base64url(randomBytes(32)), ...said }
  const plaintext = padded(content, write)
  const info = infoOf({ ...ids, kind: 'notice', suite: key.suite, envelope_id: ids.notice_id, enc_kid: key.kid })
  const ciphertext = await seal(plaintext, key, info)
  const digests = { ct_digest: digest(ciphertext), pt_commit: committed(content.pt_salt, plaintext) }
  const sealed = { suite: key.suite, enc_kid: key.kid, ciphertext: base64url(ciphertext), ...digests }
  const proof = peer.log.append('request', { ct: digests.ct_digest, pt_commit: digests.pt_commit })
  const claims = { ...ids, iat: seconds(), exp: seconds() + 86_400, ...sealed, ...proof }
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

/** That nothing is waited for any more in answer to a request. */
export function givenUp(peer, request) {
  const about = { exchange_id: request.id, request_digest: request.digest, envelope_id: null, outcome: 'given-up' }
  return peer.sign('sp-ending+jws', { iss: peer.entityId, aud: request.holder, ending_id: newId(), ...about, iat: seconds() })
}
