// The requester: asks a node for a child and for one who is not there, verifies and opens what comes, and acknowledges it twice.

import { say, told } from '../told.mjs'
import { seconds } from './bytes.mjs'
import { JOSE, Peer } from './peer.mjs'
import { newRequest, opened, received, verifyAccepted, verifyEnvelope } from './requests.mjs'
import { newKey } from './sealing.mjs'
import { refusedReceipts, refusedRequests } from './wrongs.mjs'

const peer = await Peer.of(told)
const about = { person: told.person, sections: told.sections, organisation: told.organisation, answerKey: await newKey() }
const exchanges = new Map()

peer.routes['POST /v1/peer/envelopes'] = async ({ peer: from, body }) => {
  const { exchange_id } = JSON.parse(Buffer.from(body.toString('latin1', 4).split('.')[1], 'base64url'))
  const { request, came } = exchanges.get(exchange_id)
  const envelope = await verifyEnvelope(peer, body, from, request)
  const receipt = received(peer, envelope, request)
  came({ envelope, receipt })
  return { status: 200, body: peer.sign('sp-receipt+jws', receipt), type: JOSE }
}

/** Ask, and wait for the answer. */
async function asked(person) {
  const request = await newRequest(peer, told.holder, { ...about, person })
  const arrival = new Promise((came) => exchanges.set(request.id, { request, came }))
  const accepted = await peer.send(told.holder, '/v1/peer/requests', request.token)
  await verifyAccepted(peer, accepted.body, request)
  const again = await peer.send(told.holder, '/v1/peer/requests', request.token)
  const { envelope, receipt } = await arrival
  return { request, envelope, receipt, content: await opened(envelope, request), answered: [accepted.status, again.body === accepted.body] }
}

/** Acknowledge that it was filed: the statuses of the first time and of the same bytes again. */
async function filed({ receipt }) {
  const token = peer.sign('sp-receipt+jws', { ...receipt, outcome: 'applied', iat: seconds() })
  const answers = [await peer.send(told.holder, '/v1/peer/receipts', token), await peer.send(told.holder, '/v1/peer/receipts', token)]
  return answers.map(({ status }) => status)
}

const found = await asked(told.person)
const requests = await refusedRequests(peer, told.holder, about, found.request)
const receipts = await refusedReceipts(peer, told.holder, found)
const done = await filed(found)
const nobody = await asked(told.nobody)
say({
  exchange_id: found.request.id,
  answered: found.answered,
  content: found.content,
  filed: done,
  refused: { ...requests, ...receipts },
  nobody: { content: nobody.content, filed: await filed(nobody) },
})
peer.door.close()
