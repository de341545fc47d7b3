// A requester that does not name the child: it asks whether a node may have it, blinds that node's points, and hears perhaps or nothing
// (docs/wire-messages.md, "What is sought").

import { randomBytes } from 'node:crypto'

import { say, told } from '../told.mjs'
import { takesAnswers } from './arrivals.mjs'
import { digest, seconds, utf8 } from './bytes.mjs'
import { JOSE, Peer } from './peer.mjs'
import { blinded, packed, soughtOf, unpacked } from './points.mjs'
import { demand, Refused } from './problem.mjs'
import { newRequest, opened, verifyAccepted } from './requests.mjs'
import { newKey } from './sealing.mjs'
import { answers } from './wrongs.mjs'

const peer = await Peer.of(told)
const { holder, organisation } = told
const answerKey = await newKey(peer.suite)
const waiting = takesAnswers(peer)

peer.routes['POST /v1/peer/comparisons'] = async ({ peer: from, body }) => {
  const token = body.toString()
  const claims = await peer.read(token, 'sp-comparison+jws', from)
  const found = waiting.get(claims.exchange_id)
  if (found?.refuses) return peer.refused(token, from, new Refused('not-on-tuesdays'))
  demand(found && claims.request_digest === found.request.digest, 'other-exchange')
  demand(Math.abs(seconds() - claims.iat) < 300, 'message-expired')
  const points = packed(blinded(found.secret, unpacked(claims.points)))
  found.compared = claims.points.length
  const about = { iss: peer.entityId, aud: from, exchange_id: claims.exchange_id, comparison_digest: digest(utf8(token)) }
  return { status: 200, body: peer.sign('sp-compared+jws', { ...about, iat: seconds(), points }), type: JOSE }
}

const requestOf = (sought, changed = {}) =>
  newRequest(peer, holder, { organisation, answerKey, sections: ['enrollment'] }, { selector: { sought, ...changed } })

/** What a node says of a child. */
async function asked(person, refuses = false) {
  const secret = randomBytes(32)
  const request = await requestOf(soughtOf(person, secret))
  const found = { request, secret, refuses }
  const arrival = new Promise((came) => waiting.set(request.id, Object.assign(found, { came })))
  await verifyAccepted(peer, (await peer.send(holder, '/v1/peer/requests', request.token)).body, request)
  const { envelope, receipt } = await arrival
  const filed = await peer.send(holder, '/v1/peer/receipts', peer.sign('sp-receipt+jws', { ...receipt, outcome: 'applied', iat: seconds() }))
  return { kind: (await opened(envelope, request)).kind, filed: filed.status, compared: found.compared }
}

const sought = soughtOf(told.person, randomBytes(32))
const WRONG = {
  'of no bucket': [{ ...sought, bucket: 1024 }],
  'of fewer points': [{ ...sought, tokens: sought.tokens.slice(1) }],
  'of a point that is none': [{ ...sought, tokens: ['point', ...sought.tokens.slice(1)] }],
  'with a name beside': [sought, { person: told.person }],
  'of a whole record': [sought, { sections: ['identity'] }],
  'with documents': [sought, { attachments: true }],
  'on a consent': [sought, { basis: 'consent', consent_id: '0191ab00-0000-4000-8000-000000000001' }],
}
const tokens = {}
for (const [name, about] of Object.entries(WRONG)) tokens[name] = (await requestOf(...about)).token
const refused = await answers(tokens, (token) => peer.send(holder, '/v1/peer/requests', token))
say({ refused, found: await asked(told.person), nobody: await asked(told.nobody), uncompared: await asked(told.person, true) })
peer.door.close()
