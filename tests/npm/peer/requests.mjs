// Asking for a child's record: the request, the answer's verification, and both receipts (docs/wire-messages.md).

import { randomBytes } from 'node:crypto'

import { ABSENT, base64url, digest, fromBase64url, jcs, newId, seconds, utf8 } from './bytes.mjs'
import { boundTo } from './chunks.mjs'
import { signedTogether } from './jws.mjs'
import { committedTo } from './leaf.mjs'
import { demand } from './problem.mjs'
import { committed, hasSizeClass, infoOf, open, padded, seal, SUITES, unpadded } from './sealing.mjs'
import { keyToSealTo, requireLifetime } from './trust.mjs'

export const NOTICE = {
  v: 1,
  citation: '34 CFR 99.33',
  text:
    'This record contains personally identifiable information from education records and is disclosed on the condition that the ' +
    'receiving organisation does not disclose it to any other party without the prior consent of the parent or eligible student, ' +
    'except as 34 CFR Part 99 permits. Its officers, employees and agents may use it only for the purpose for which the disclosure ' +
    'was made.',
}
export const NOTICE_DIGEST = digest(jcs(NOTICE))
const REPEATED = ['kind', 'iss', 'aud', 'recipient_organisation', 'exchange_id', 'envelope_id', 'request_digest']

/** Enrolment evidence of today, attested an hour ago. */
export function evidenceOf(organisation) {
  const attested = new Date(Date.now() - 3_600_000).toISOString()
  return {
    v: 1,
    receiving_organisation: { id: organisation, kind: 'lea', name: 'The receiving district' },
    kind: 'enrolled',
    entry_date: attested.slice(0, 10),
    grade: '07',
    document: { type: 'enrollment-form', digest: digest('form') },
    parent_initiated: true,
    official: { role: 'registrar', pairwise_id: 'official-1', attested_at: attested },
  }
}

/**
 * A request of `peer` to `holder`.
 *
 * about    person, sections, organisation, answerKey (of sealing.mjs), and `attachments` where documents are wanted too
 * changed  what is to be wrong with it: claims of the request, members of the selector, ids of the HPKE context
 */
export async function newRequest(peer, holder, about, changed = {}) {
  const request = await unsigned(peer, holder, about, changed)
  return withToken(request, peer.sign('sp-request+jws', request.claims))
}

/** Requests of one moment: those of Ed25519 share a signature. */
export async function newRequests(peer, holder, all) {
  const requests = await Promise.all(all.map((about) => unsigned(peer, holder, about)))
  const { exchange } = peer.keys
  if (exchange.alg !== 'Ed25519') return requests.map((request) => withToken(request, peer.sign('sp-request+jws', request.claims)))
  const tokens = signedTogether('sp-request+jws', requests.map(({ claims }) => ({ v: 1, ...claims })), exchange)
  return requests.map((request, at) => withToken(request, tokens[at]))
}

const withToken = (request, token) => ({ ...request, token, digest: digest(utf8(token)) })

async function unsigned(peer, holder, about, changed = {}) {
  const key = keyToSealTo(await peer.statement(holder), [peer.suite])
  const { suite, kid } = key
  const claims = { iss: peer.entityId, aud: holder, jti: newId(), iat: seconds(), exp: seconds() + 86_400, ...changed.claims }
  const selector = {
    v: 1,
    iss: claims.iss,
    aud: claims.aud,
    exchange_id: claims.jti,
    purpose: 'enrollment',
    basis: 'transfer',
    person: about.person,
    sections: about.sections,
    ...(about.attachments ? { attachments: true } : {}),
    evidence: evidenceOf(about.organisation),
    answer_key: about.answerKey.said,
    subject_salt: base64url(randomBytes(32)),
    pinned_size: peer.seen.size(peer.member(holder)),
    ...changed.selector,
  }
  const ids = { kind: 'request', suite, iss: claims.iss, aud: claims.aud, exchange_id: claims.jti, envelope_id: claims.jti }
  const info = infoOf({ ...ids, enc_kid: kid, ...changed.context })
  const ciphertext = await seal(padded(selector, JSON.stringify), key, info)
  const sealed = { suite, enc_kid: kid, ciphertext: base64url(ciphertext) }
  const subjectCommit = committedTo(fromBase64url(selector.subject_salt), whom(selector) ?? {})
  return { id: claims.jti, holder, claims: { ...claims, selector: sealed }, subjectCommit, ...about }
}

/** Whom a selector is about: what receipts commit to. */
export const whom = ({ person, sought, educator }) => person ?? sought ?? educator

/** What the holder says of having taken the request. */
export async function verifyAccepted(peer, token, request) {
  const claims = await peer.read(token, 'sp-accepted+jws', request.holder)
  requireLifetime(claims)
  demand(claims.exchange_id === request.id && claims.request_digest === request.digest, 'other-exchange')
  const leaf = await peer.proven(claims, request.holder)
  demand(leaf.class === 'request', 'wrong-leaf')
  demand(leaf.digests.ct === request.digest, 'leaf-of-another-exchange')
  return claims
}

/** Everything about an envelope that is seen from outside. */
export async function verifyEnvelope(peer, body, from, request) {
  const end = 4 + body.readUInt32BE(0)
  demand(end < body.length, 'envelope-malformed', 400)
  const [token, ciphertext] = [body.subarray(4, end).toString('ascii'), body.subarray(end)]
  const claims = await verifyAnnounced(peer, token, from, request)
  demand(digest(ciphertext) === (claims.body?.sealed ?? claims.ct_digest), 'other-ciphertext')
  demand(hasSizeClass(ciphertext, claims.suite), 'envelope-malformed', 400)
  return { claims, ciphertext, digest: digest(utf8(token)) }
}

/** What an envelope's token says alone: it comes so ahead of documents. */
export async function verifyAnnounced(peer, token, from, request) {
  const claims = await peer.read(token, 'sp-envelope+jws', from)
  demand(!claims.body || claims.ct_digest === boundTo(claims.body), 'other-ciphertext')
  demand(claims.exchange_id === request.id && claims.request_digest === request.digest, 'other-exchange')
  demand(claims.recipient_organisation === request.organisation, 'other-recipient')
  requireLifetime(claims)
  demand(claims.suite === peer.suite && peer.algorithmOf(token) === SUITES[claims.suite].alg, 'suite-not-supported')
  demand(claims.enc_kid === request.answerKey.kid, 'encryption-key-unknown')
  const { class: kind, digests } = await peer.proven(claims, from)
  demand(kind === (claims.kind === 'not-provided' ? 'request' : 'disclosure'), 'wrong-leaf')
  demand(digests.ct === claims.ct_digest && digests.pt_commit === claims.pt_commit, 'leaf-of-another-exchange')
  demand(claims.kind === 'not-provided' || digests.decision !== ABSENT, 'decision-missing')
  return claims
}

/** What is inside, once it is shown to be what was signed and logged. */
export async function opened({ claims, ciphertext }, request) {
  const plaintext = await open(ciphertext, request.answerKey, infoOf(claims))
  const content = unpadded(plaintext)
  demand(REPEATED.every((name) => content[name] === claims[name]), 'sealed-ids-differ')
  demand(committed(content.pt_salt, plaintext) === claims.pt_commit, 'plaintext-not-committed')
  demand(claims.kind !== 'package' || digest(jcs(content.redisclosure_notice)) === NOTICE_DIGEST, 'notice-differs')
  return content
}

/** R1, in our log, as claims: R2 is made of them. `about`: what else its entry says. */
export function received(peer, envelope, request, about = {}) {
  const { exchange_id, envelope_id, request_digest, recipient_organisation, kind, ct_digest } = envelope.claims
  return {
    iss: peer.entityId,
    aud: envelope.claims.iss,
    exchange_id,
    envelope_id,
    request_digest,
    recipient_organisation,
    envelope_digest: envelope.digest,
    subject_commit: request.subjectCommit,
    outcome: 'received',
    reason: null,
    redisclosure_notice_digest: kind === 'package' ? NOTICE_DIGEST : null,
    stored_at: seconds(),
    iat: seconds(),
    also: { made_by: 'another maker', since: [2026, null] },
    ...peer.log.append('received', { ct: ct_digest }, { exchange_id, envelope_id, ...about }),
  }
}
