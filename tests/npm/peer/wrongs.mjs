// Messages that are wrong in one way each, and how a node answers them: its signed refusal, by the name of what is wrong.

import { randomBytes, randomUUID } from 'node:crypto'

import { packageFor } from './answers.mjs'
import { ABSENT, base64url, digest, fromBase64url, newId, seconds } from './bytes.mjs'
import { keyPair, read, signed } from './jws.mjs'
import { OwnLog } from './logs.mjs'
import { ENVELOPE } from './peer.mjs'
import { evidenceOf, newRequest } from './requests.mjs'

/** Requests about a child; `request` is one that was taken. */
export async function refusedRequests(peer, holder, about, request) {
  const evidence = evidenceOf(about.organisation)
  const longAgo = { ...evidence.official, attested_at: '2020-01-01T00:00:00.000Z' }
  const twoWords = { ...evidence.receiving_organisation, id: 'birch elementary' }
  const header = { alg: peer.keys.exchange.alg, kid: peer.keys.exchange.kid, typ: 'sp-request+jws' }
  const { claims } = read(request.token)
  const { said } = about.answerKey
  const changes = {
    expired: { claims: { iat: seconds() - 86_400, exp: seconds() - 1 } },
    ahead: { claims: { iat: seconds() + 900 } },
    'for too long': { claims: { exp: seconds() + 15 * 86_400 } },
    'of another version': { claims: { v: 2 } },
    'with a member more': { claims: { extra: 1 } },
    'of an id that is no UUIDv7': { claims: { jti: randomUUID() } },
    'for another node': { claims: { aud: 'https://cedar.example' } },
    'under an id that was used': { claims: { jti: request.id } },
    'sealed in another context': { context: { aud: 'https://cedar.example' } },
    'sealed for another exchange': { selector: { exchange_id: newId() } },
    'for a purpose that is not served': { selector: { purpose: 'marketing' } },
    'for a section that is none': { selector: { sections: ['shoe-size'] } },
    'on an attestation of long ago': { selector: { evidence: { ...evidence, official: longAgo } } },
    'without who it is': { selector: { person: undefined } },
    'with half a character': { selector: { evidence: { ...evidence, grade: '\ud800' } } },
    'with a name that is null': { selector: { person: { ...about.person, middle_name: null } } },
    'for an organisation of two words': { selector: { evidence: { ...evidence, receiving_organisation: twoWords } } },
    'with a key that is none': { selector: { answer_key: { ...said, public_key: base64url(fromBase64url(said.public_key).fill(255)) } } },
  }
  const tokens = { 'signed by another key': anotherSignature(request.token) }
  const written = (write) => signed('sp-request+jws', claims, peer.keys.exchange, header, (value) => write(JSON.stringify(value)))
  tokens['with a member twice'] = written((json) => json.replace('"iat":', '"iat":1,"iat":'))
  tokens['with a number that has a fraction'] = written((json) => json.replace(/"iat":(\d+)/, '"iat":$1.0'))
  tokens['with a byte order mark'] = written((json) => `\ufeff${json}`)
  tokens['with a key in its header'] = signed('', claims, peer.keys.exchange, { ...header, jwk: peer.keys.exchange.public })
  tokens['named a receipt'] = signed('sp-receipt+jws', claims, peer.keys.exchange)
  for (const [name, changed] of Object.entries(changes)) tokens[name] = (await newRequest(peer, holder, about, changed)).token
  return answers(tokens, (token) => peer.send(holder, '/v1/peer/requests', token))
}

function anotherSignature(token) {
  const { signature } = read(token)
  const signed = signature.subarray(0, signature.length - 64)
  return `${token.slice(0, token.lastIndexOf('.'))}.${base64url(Buffer.concat([signed, randomBytes(64)]))}`
}

/** Second receipts for an envelope that was received. */
export async function refusedReceipts(peer, holder, { receipt, envelope }) {
  const applied = { ...receipt, outcome: 'applied' }
  const { ct_digest: ct } = envelope.claims
  const [shorter, asLong] = [new OwnLog(peer.log.origin, peer.log.pair), new OwnLog(peer.log.origin, peer.log.pair)]
  while (asLong.hashes.length + 1 < peer.log.hashes.length) asLong.append('received', { ct })
  const changes = {
    'that does not say where it was logged': { entry: null, index: null, path: null, checkpoint: null },
    'of a log that forked': shorter.append('received', { ct }),
    'of a log that forked and is as long': asLong.append('received', { ct }),
    'proven by another entry': peer.log.append('load', { ct }),
    'proven by an entry of something else': peer.log.append('received', { ct: digest('something else') }),
    'proven by an entry of another content': peer.log.append('received', { ct, pt_commit: digest('another content') }),
    'about another child': { subject_commit: digest('another child') },
    'that acknowledges no notice': { redisclosure_notice_digest: null },
    'of an envelope that there is not': { envelope_id: newId() },
    'rejected for no reason': { outcome: 'rejected' },
  }
  const tokens = {}
  for (const [name, changed] of Object.entries(changes)) tokens[name] = peer.sign('sp-receipt+jws', { ...applied, ...changed })
  return answers(tokens, (token) => peer.send(holder, '/v1/peer/receipts', token))
}

/** Answers to a request, each wrong in one way. */
export async function refusedEnvelopes(peer, request) {
  const { body, token } = await packageFor(peer, request)
  const stranger = new OwnLog(peer.log.origin, keyPair())
  const elsewhere = new OwnLog('cedar.example/log/2026', peer.log.pair)
  const unproven = { entry: null, index: null, path: null, checkpoint: null }
  const changes = {
    'of another request': { claims: { request_digest: digest('another') } },
    'for another organisation': { claims: { recipient_organisation: 'another-school' } },
    'of another kind': { claims: { kind: 'credentials' } },
    'whose ciphertext was changed': { ciphertext: Buffer.alloc(1136 + 16 * 1024) },
    'whose time is over': { claims: { iat: seconds() - 60, exp: seconds() - 1 } },
    'sealed to another key': { claims: { enc_kid: digest('another') } },
    'of a suite that there is not': { claims: { suite: 'rot13' } },
    'that proves nothing': { claims: unproven },
    'logged as something else': { logged: 'received' },
    'that nobody decided': { digests: { decision: ABSENT } },
    'proven by the entry of another': { digests: { ct: digest('another') } },
    'of a log under another key': { claims: stranger.append('disclosure', {}) },
    'of a log that is not ours': { claims: elsewhere.append('disclosure', {}) },
  }
  const envelopes = { 'without its ciphertext': { token, body: body.subarray(0, 4 + token.length) } }
  for (const [name, changed] of Object.entries(changes)) envelopes[name] = await packageFor(peer, request, changed)
  return answers(envelopes, (one) => peer.send(request.from, '/v1/peer/envelopes', one.body, ENVELOPE, one.token))
}

/** What each of the messages is answered, by its name. */
export async function answers(tokens, send) {
  const given = {}
  for (const [name, token] of Object.entries(tokens)) {
    const { status, code, field, unsigned } = await send(token)
    given[name] = [status, code, ...(field === undefined ? [] : [field]), ...(unsigned ? ['unsigned'] : [])].join(' ')
  }
  return given
}
