// Answering another node's request for a child: the acceptance, and an envelope with a small record (docs/wire-messages.md).

import { randomBytes } from 'node:crypto'

import { base64url, digest, fromBase64url, newId, seconds, u32, utf8 } from './bytes.mjs'
import { attached, bodyOf, boundTo } from './chunks.mjs'
import { committedTo } from './leaf.mjs'
import { demand } from './problem.mjs'
import { NOTICE, NOTICE_DIGEST, whom } from './requests.mjs'
import { committed, infoOf, open, padded, seal, unpadded } from './sealing.mjs'
import { requireLifetime } from './trust.mjs'

const NOBODY = { first_name: 'No', last_name: 'Body', birth_date: '2014-03-09' }

/** The request in a token of `from`, its selector opened, and our acceptance, logged. */
export async function taken(peer, token, from) {
  const claims = await peer.read(token, 'sp-request+jws', from)
  requireLifetime(claims)
  const { suite, enc_kid, ciphertext } = claims.selector
  demand(enc_kid === peer.encryption.kid, 'encryption-key-unknown')
  const ids = { kind: 'request', suite, iss: claims.iss, aud: claims.aud, exchange_id: claims.jti, envelope_id: claims.jti, enc_kid }
  const selector = unpadded(await open(fromBase64url(ciphertext), peer.encryption, infoOf(ids)))
  const same = selector.iss === claims.iss && selector.aud === claims.aud && selector.exchange_id === claims.jti
  demand(same, 'sealed-ids-differ')
  const request = { id: claims.jti, from, digest: digest(utf8(token)), exp: claims.exp, selector }
  const acceptance = {
    iss: peer.entityId,
    aud: from,
    exchange_id: request.id,
    request_digest: request.digest,
    iat: seconds(),
    exp: request.exp,
    ...peer.log.append('request', { ct: request.digest }, { exchange_id: request.id }),
  }
  return { request, accepted: peer.sign('sp-accepted+jws', acceptance) }
}

/**
 * The bytes of an answer with a child's name and birth date.
 *
 * changed    what is to be another kind of answer (`kind`, `content`), or wrong with it: claims, the entry's class (`logged`) and digests, of the HPKE context, the ciphertext, and of
 *            documents `header` and `document` (chunks.mjs)
 * documents  that go with it: their chunks are given beside
 */
export async function packageFor(peer, { id, from, digest: request_digest, exp, selector }, changed = {}, documents = []) {
  const ids = {
    kind: changed.kind ?? 'package',
    iss: peer.entityId,
    aud: from,
    recipient_organisation: selector.evidence.receiving_organisation.id,
    exchange_id: id,
    envelope_id: newId(),
    request_digest,
  }
  const { suite, public_key } = selector.answer_key
  const named = { ...ids, suite, enc_kid: digest(fromBase64url(public_key)) }
  const { attachments, chunks } = attached(documents, named, changed)
  const content = { v: 1, ...ids, pt_salt: base64url(randomBytes(32)), ...(changed.content ?? recordOf(selector.person ?? NOBODY, documents)) }
  if (documents.length > 0) content.attachments = attachments
  const plaintext = padded(content, JSON.stringify)
  const ciphertext = await seal(plaintext, selector.answer_key, infoOf({ ...named, ...changed.context }))
  const parts = documents.length > 0 ? { body: bodyOf(chunks, ciphertext) } : {}
  const digests = { ct_digest: parts.body ? boundTo(parts.body) : digest(ciphertext), pt_commit: committed(content.pt_salt, plaintext) }
  const logged = { ct: digests.ct_digest, pt_commit: digests.pt_commit, decision: digest('decided'), ...changed.digests }
  const ofClass = ids.kind === 'not-provided' ? 'request' : 'disclosure'
  const proof = peer.log.append(changed.logged ?? ofClass, logged, { exchange_id: id })
  const claims = { ...named, ...digests, ...parts, iat: seconds(), exp, trust_serial: peer.list.serial, ...proof, ...changed.claims }
  const token = peer.sign('sp-envelope+jws', claims)
  const body = Buffer.concat([u32(token.length), utf8(token), changed.ciphertext ?? ciphertext])
  return { claims, token, body, chunks }
}

/** With an element for documents where there are some. */
function recordOf({ first_name, last_name, birth_date }, documents) {
  const origin = { originating_agency: 'birch-elementary', source_system: 'another maker', as_of: new Date().toISOString() }
  const health = { immunizations: { as_of: origin.as_of.slice(0, 10) } }
  const more = documents.length > 0 ? { elements: ['health.immunizations'], sections: { health }, provenance: { health: origin } } : {}
  return {
    manifest: { elements: ['identity.name', 'identity.birth_date', ...(more.elements ?? [])], not_scheduled: [] },
    redisclosure_notice: NOTICE,
    record: {
      v: 1,
      // of the name it was told more than it keeps: docs/wire-messages.md, "Inside"
      identity: { name: { first: first_name, last_1: last_name, read_in_part: true }, birth_date: { birth_date } },
      ...more.sections,
      provenance: { identity: origin, ...more.provenance },
    },
  }
}

/** A receipt for the envelope, of outcome `received`, or of one that ends it. */
export async function verifyReceipt(peer, token, { request, envelope, outcomes }) {
  const claims = await peer.read(token, 'sp-receipt+jws', request.from)
  const { subject_salt } = request.selector
  const expected = {
    exchange_id: request.id,
    envelope_id: envelope.claims.envelope_id,
    envelope_digest: digest(utf8(envelope.token)),
    request_digest: request.digest,
    subject_commit: committedTo(fromBase64url(subject_salt), whom(request.selector)),
    recipient_organisation: envelope.claims.recipient_organisation,
  }
  demand(Object.entries(expected).every(([name, value]) => claims[name] === value), 'receipt-of-another-envelope')
  demand(claims.redisclosure_notice_digest === (envelope.claims.kind === 'package' ? NOTICE_DIGEST : null), 'notice-differs')
  demand(outcomes.includes(claims.outcome), 'receipt-of-another-envelope')
  const leaf = await peer.proven(claims, request.from)
  demand(['received', 'receipt'].includes(leaf.class) && leaf.digests.ct === envelope.claims.ct_digest, 'wrong-leaf')
  return { outcome: claims.outcome, reason: claims.reason }
}
