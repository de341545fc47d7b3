// A requester that tells of its log what an exchange left there: rightly, and otherwise. It asks the holder for the same.

import { setTimeout } from 'node:timers/promises'

import { say, told } from '../told.mjs'
import { newId, seconds } from './bytes.mjs'
import { linkOf, partOf, verifyPart } from './chains.mjs'
import { OwnLog } from './logs.mjs'
import { JOSE, Peer } from './peer.mjs'
import { Refused } from './problem.mjs'
import { newRequest, opened, received, verifyAccepted, verifyEnvelope } from './requests.mjs'
import { newKey } from './sealing.mjs'

const peer = await Peer.of(told)
const { holder, person, sections, organisation } = told
const request = await newRequest(peer, holder, { person, sections, organisation, answerKey: await newKey(peer.suite) })
const exchange_id = request.id
peer.log.append('request', { ct: request.digest }, { exchange_id })

let came
const arrival = new Promise((resolve) => (came = resolve))
peer.routes['POST /v1/peer/envelopes'] = async ({ peer: from, body }) => {
  const envelope = await verifyEnvelope(peer, body, from, request)
  const { index, checkpoint } = envelope.claims
  const receipt = received(peer, envelope, request, { outcome: envelope.claims.kind, peer_index: index, peer_checkpoint: checkpoint })
  const r1 = peer.sign('sp-receipt+jws', receipt)
  came({ envelope, receipt, r1 })
  return { status: 200, body: r1, type: JOSE }
}
const accepted = await peer.send(holder, '/v1/peer/requests', request.token)
const acceptance = await verifyAccepted(peer, accepted.body, request)
const { envelope, receipt, r1 } = await arrival
const { envelope_id, ct_digest: ct, pt_commit } = envelope.claims
const { manifest } = await opened(envelope, request)
const about = { exchange_id, envelope_id, purpose: 'enrollment', basis: 'transfer', elements: manifest.elements }
peer.log.append('load', { ct, pt_commit }, about)
const odd = [{ elements: 5 }, { elements: [[]] }, { purpose: 5 }, { basis: 'No code' }]
for (const one of odd) peer.log.append('load', { ct, pt_commit }, { ...about, ...one })
const own = peer.log.append('receipt', { ct }, { exchange_id })
const applied = { ...receipt, outcome: 'applied', iat: seconds(), ...own }
const r2 = peer.sign('sp-receipt+jws', applied)
await peer.send(holder, '/v1/peer/receipts', r2)

const theirs = (id) => peer.calls.send(peer.member(holder), 'GET', `/v1/peer/chains/${id}`)
const notes = [acceptance.checkpoint, envelope.claims.checkpoint]
let acts = []
while (acts.length < 4) {
  await setTimeout(100) // what came of it is told to the log behind
  const answer = await theirs(exchange_id)
  acts = await verifyPart(peer, answer.body.toString(), holder, { request, envelope, r1, r2 }, notes)
}
const nothing = await theirs(newId())

const links = [linkOf(peer.log, 'requested', null, 0), linkOf(peer.log, 'received', envelope_id, 1, true), linkOf(peer.log, 'filed', envelope_id, 2, true)]
const right = partOf(peer, { aud: holder, exchange_id, sizes: [2, 8], links })
const another = new OwnLog(peer.log.origin, peer.log.pair)
for (let at = 0; at < 9; at += 1) another.append('load', {})
const changed = (at, change) => ({ ...right, links: right.links.map((link, place) => (place === at ? { ...link, ...change } : link)) })
const parts = [
  right,
  { ...right, aud: 'https://cedar.example' },
  { ...right, exchange_id: newId() },
  { ...right, continues: [] },
  { ...right, checkpoints: [another.checkpoint()] },
  changed(2, { act: 'outcome-recorded' }),
  changed(2, { index: 3 }),
  changed(2, linkOf(peer.log, 'filed', envelope_id, 7)),
  ...[3, 4, 5, 6].map((index) => changed(2, linkOf(peer.log, 'filed', envelope_id, index, true))),
  changed(1, { context: { ...right.links[1].context, payload: { exchange_id } } }),
  { ...right, links: [...right.links, right.links[0]] },
]
peer.routes['GET /v1/peer/chains/:exchange'] = ({ peer: from, segments }) => {
  const part = parts.shift()
  if (!part || from !== holder || segments[0] !== exchange_id) throw new Refused('no-such-chain', 404)
  return { status: 200, body: peer.sign('sp-chain-part+jws', part), type: JOSE }
}
say({ exchange_id, acts, nothing: [nothing.status, JSON.parse(nothing.body).code], parts: parts.length })
