// The requester of a record with documents. It takes one chunk, says of the next that it has no room, and hears the rest another time.

import { say, told } from '../told.mjs'
import { digest, seconds, utf8 } from './bytes.mjs'
import { documentsOf, provenChunk } from './chunks.mjs'
import { JOSE, Peer } from './peer.mjs'
import { Refused } from './problem.mjs'
import { newRequest, opened, received, verifyAccepted, verifyAnnounced, verifyEnvelope } from './requests.mjs'
import { newKey } from './sealing.mjs'

const peer = await Peer.of(told)
const about = { person: told.person, sections: told.sections, organisation: told.organisation, attachments: true }
const request = await newRequest(peer, told.holder, { ...about, answerKey: await newKey(peer.suite) })
const announced = { times: 0 }
const chunks = []
const order = []
let broken = false

peer.routes['POST /v1/peer/bodies'] = async ({ peer: from, body }) => {
  const token = body.toString()
  const { body: said } = await verifyAnnounced(peer, token, from, request)
  Object.assign(announced, { token: digest(utf8(token)), body: said, times: announced.times + 1 })
  return { status: 200, body: JSON.stringify({ missing: missing() }) }
}
peer.routes['PUT /v1/peer/bodies/:envelope/chunks/:number'] = async ({ body, segments }) => {
  const number = Number(segments[1])
  if (announced.times === 1 && chunks.some(Boolean)) {
    if (!broken) say('broken')
    broken = true
    throw new Refused('no-room-for-body', 503)
  }
  chunks[number] = provenChunk(body, number, announced.body)
  order.push(number)
  return { status: 204 }
}
peer.routes['POST /v1/peer/envelopes'] = async ({ peer: from, body }) => {
  const envelope = await verifyEnvelope(peer, body, from, request)
  if (missing().length > 0) throw new Refused('body-incomplete', 409)
  const receipt = received(peer, envelope, request)
  came({ envelope, receipt })
  return { status: 200, body: peer.sign('sp-receipt+jws', receipt), type: JOSE }
}

/** The runs of chunks that are not here. */
function missing() {
  const wanted = Array.from({ length: announced.body.chunks }, (_, number) => number).filter((number) => !chunks[number])
  return wanted.map((number) => [number, number + 1])
}

let came
const arrival = new Promise((resolve) => (came = resolve))
const accepted = await peer.send(told.holder, '/v1/peer/requests', request.token)
await verifyAccepted(peer, accepted.body, request)
say(request.id)
const { envelope, receipt } = await arrival
const content = await opened(envelope, request)
const documents = documentsOf(content, envelope.claims, chunks)
const applied = peer.sign('sp-receipt+jws', { ...receipt, outcome: 'applied', iat: seconds() })
const filed = await peer.send(told.holder, '/v1/peer/receipts', applied)
const same = announced.token === envelope.digest
say({ announced: announced.times, order: order.sort(), documents, same, filed: filed.status })
peer.door.close()
