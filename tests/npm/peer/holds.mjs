// The holder: answers the requests of another node. The first is answered by a record, after envelopes that are wrong on purpose; the
// second by one that does not open; the third is refused, under a code of its own. It says when it is ready, and what came of each.

import { say, told } from '../told.mjs'
import { packageFor, taken, verifyReceipt } from './answers.mjs'
import { ENVELOPE, JOSE, Peer } from './peer.mjs'
import { Refused } from './problem.mjs'
import { refusedEnvelopes } from './wrongs.mjs'

const peer = await Peer.of(told)
const requests = []
const waiting = new Map()

peer.routes['POST /v1/peer/requests'] = async ({ peer: from, body }) => {
  const token = body.toString()
  if (answered === 2) return peer.refused(token, from, new Refused('not-on-tuesdays'))
  const { request, accepted } = await taken(peer, token, from)
  requests.push(request)
  arrived()
  return { status: 202, body: accepted, type: JOSE }
}
peer.routes['POST /v1/peer/receipts'] = async ({ body }) => {
  const token = body.toString()
  const { envelope_id } = JSON.parse(Buffer.from(token.split('.')[1], 'base64url'))
  const { request, envelope, done } = waiting.get(envelope_id)
  done(await verifyReceipt(peer, token, { request, envelope, outcomes: ['applied', 'rejected'] }))
  return { status: 204 }
}

let [answered, arrived] = [0, () => {}]
const next = async () => {
  while (requests.length === 0) await new Promise((resolve) => (arrived = resolve))
  return requests.shift()
}

/** Send the envelope: what the first receipt says, and the second. */
async function delivered(request, envelope) {
  const second = new Promise((done) => waiting.set(envelope.claims.envelope_id, { request, envelope, done }))
  const answer = await peer.send(request.from, '/v1/peer/envelopes', envelope.body, ENVELOPE, envelope.token)
  const again = await peer.send(request.from, '/v1/peer/envelopes', envelope.body, ENVELOPE, envelope.token)
  const first = await verifyReceipt(peer, answer.body, { request, envelope, outcomes: ['received'] })
  answered += 1
  return { first, same: again.body === answer.body, second: await second }
}

say({ ready: true })
const request = await next()
const refused = await refusedEnvelopes(peer, request)
const right = await delivered(request, await packageFor(peer, request))
const another = await packageFor(peer, request)
const more = await peer.send(request.from, '/v1/peer/envelopes', another.body, ENVELOPE, another.token)
say({ person: request.selector.person, refused, right, more: [more.status, more.code] })
const other = await next()
const rejected = await delivered(other, await packageFor(peer, other, { context: { aud: 'https://cedar.example' } }))
say({ ...rejected, tokens: peer.door.tokens })
