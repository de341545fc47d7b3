// Answers as they come to a requester: each is verified, acknowledged at once, and told to whoever waits for it.

import { JOSE } from './peer.mjs'
import { received, verifyEnvelope } from './requests.mjs'

/** Take envelopes. Gives who waits, by the request's id: `{ request, came }`, and `came` is told the envelope and its receipt. */
export function takesAnswers(peer) {
  const waiting = new Map()
  peer.routes['POST /v1/peer/envelopes'] = async ({ peer: from, body }) => {
    const { exchange_id } = JSON.parse(Buffer.from(body.toString('latin1', 4).split('.')[1], 'base64url'))
    const { request, came } = waiting.get(exchange_id)
    const envelope = await verifyEnvelope(peer, body, from, request)
    const receipt = received(peer, envelope, request)
    came({ envelope, receipt })
    return { status: 200, body: peer.sign('sp-receipt+jws', receipt), type: JOSE }
  }
  return waiting
}
