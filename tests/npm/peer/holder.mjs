// What every holder does: takes requests as they come, sends answers, and hears both receipts.

import { packageFor, taken, verifyReceipt } from './answers.mjs'
import { PACKED, pack } from './packed.mjs'
import { ENVELOPE, JOSE } from './peer.mjs'

export class Holder {
  #requests = []
  #waiting = new Map()
  #arrived = () => {}

  /** refused: what is answered to a request's token in place of an acceptance, or nothing. */
  constructor(peer, refused = () => undefined) {
    this.peer = peer
    peer.routes['POST /v1/peer/requests'] = async ({ peer: from, body }) => {
      const token = body.toString()
      return refused(token, from) ?? this.#take(token, from)
    }
    peer.routes['POST /v1/peer/receipts'] = async ({ body }) => {
      const token = body.toString()
      const { envelope_id } = JSON.parse(Buffer.from(token.split('.')[1], 'base64url'))
      const { request, envelope, done } = this.#waiting.get(envelope_id)
      done(await verifyReceipt(peer, token, { request, envelope, outcomes: ['applied', 'rejected'] }))
      return { status: 204 }
    }
  }

  async #take(token, from) {
    const { request, accepted } = await taken(this.peer, token, from)
    this.#requests.push(request)
    this.#arrived()
    return { status: 202, body: accepted, type: JOSE }
  }

  /** The request that came first of those that nobody has looked at. */
  async next() {
    while (this.#requests.length === 0) await new Promise((resolve) => (this.#arrived = resolve))
    return this.#requests.shift()
  }

  send(request, envelope) {
    return this.peer.send(request.from, '/v1/peer/envelopes', envelope.body, ENVELOPE, envelope.token)
  }

  /** As our nodes take it too, by their statement. */
  async sendPacked(request, envelope) {
    const { also } = await this.peer.statement(request.from)
    if (!also.takes.includes(PACKED)) throw new Error('the node does not say that it takes envelopes packed')
    return this.peer.send(request.from, '/v1/peer/envelopes', pack(envelope.body), PACKED, envelope.token)
  }

  /** Send the envelope twice, the second time packed: what the first receipt says, whether it was the same again, and what the second receipt says. */
  async delivered(request, envelope) {
    const second = new Promise((done) => this.#waiting.set(envelope.claims.envelope_id, { request, envelope, done }))
    const answer = await this.send(request, envelope)
    const again = await this.sendPacked(request, envelope)
    const first = await verifyReceipt(this.peer, answer.body, { request, envelope, outcomes: ['received'] })
    return { first, same: again.body === answer.body, second: await second }
  }

  /** A package of a record, sent. `changed`, `documents`: of answers.mjs. */
  async answered(request, changed, documents) {
    return this.delivered(request, await packageFor(this.peer, request, changed, documents))
  }
}
