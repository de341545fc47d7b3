// A requester that cannot be called: it hands its statement in, fetches the answer, and says what it would have answered (docs/wire.md,
// "Nodes that pull").

import { setTimeout } from 'node:timers/promises'

import { say, told } from '../told.mjs'
import { seconds } from './bytes.mjs'
import { PACKED, unpack } from './packed.mjs'
import { JOSE, Peer } from './peer.mjs'
import { demand } from './problem.mjs'
import { newRequest, opened, received, verifyAccepted, verifyEnvelope } from './requests.mjs'
import { newKey } from './sealing.mjs'

const peer = await Peer.of(told, { opens: false, takes: [PACKED] })
const holder = peer.member(told.holder)
const json = async (method, path, body) => {
  const answer = await peer.calls.send(holder, method, path, body && JSON.stringify(body), body && 'application/json')
  return answer.body.length > 0 ? JSON.parse(answer.body) : answer.status
}

const statement = { method: 'POST', body: peer.door.statement, headers: { 'content-type': JOSE } }
const handed = await fetch(`${told.holder}/v1/node-statements`, statement)
const about = { person: told.person, sections: told.sections, organisation: told.organisation, answerKey: await newKey(peer.suite) }
const request = await newRequest(peer, told.holder, about)
const accepted = await peer.send(told.holder, '/v1/peer/requests', request.token)
await verifyAccepted(peer, accepted.body, request)

const envelope = await verifyEnvelope(peer, await fetched('envelopes'), told.holder, request)
const content = await opened(envelope, request)
const first = received(peer, envelope, request)
const { envelope_id: id, ct_digest: ct } = envelope.claims
const r1 = { id, status: 200, body: peer.sign('sp-receipt+jws', first), retry_after: null }
const taken = await json('POST', '/v1/peer/outbox/envelopes/answers', { v: 1, answers: [r1] })

// The second receipt is proven by an entry of its own, in a log that has grown: nobody can ask that log how.
const second = { ...first, outcome: 'applied', iat: seconds(), ...peer.log.append('receipt', { ct }) }
const token = peer.sign('sp-receipt+jws', second)
const wanted = await peer.send(told.holder, '/v1/peer/receipts', token)
const pinned = (await json('GET', '/v1/peer/pins')).sizes[peer.log.origin]
const size = peer.log.hashes.length
const path = peer.log.consistency(pinned, size)
const shown = await json('POST', '/v1/peer/paths', { v: 1, origin: peer.log.origin, from_size: pinned, to_size: size, path })
const filed = await peer.send(told.holder, '/v1/peer/receipts', token)

say({
  exchange_id: request.id,
  handed: handed.status,
  kind: content.kind,
  taken: taken.answers.map(({ status }) => status),
  wanted: [wanted.status, wanted.code],
  shown,
  filed: filed.status,
  rest: await json('GET', '/v1/peer/outbox/envelopes'),
})

/** The only message that waits of a kind, as itself: it comes packed, as our statement says that it may. */
async function fetched(kind) {
  for (;;) {
    const { status, headers, body } = await peer.calls.send(holder, 'GET', `/v1/peer/outbox/${kind}`)
    if (status === 200) {
      demand(headers.get('content-type') === PACKED, 'not-packed')
      return unpack(body)
    }
    await setTimeout(50)
  }
}
