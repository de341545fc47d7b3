// A node with its keys, its log and its door: what asking and answering have in common.

import { Calls } from './calls.mjs'
import { digest, seconds, u32, utf8 } from './bytes.mjs'
import { Door, problem } from './door.mjs'
import { ofPrivateJwk, read, signed, verified } from './jws.mjs'
import { OwnLog, SeenLogs } from './logs.mjs'
import { demand } from './problem.mjs'
import { DEFAULT, newKey, SUITES } from './sealing.mjs'
import { memberOf, ownStatement, pinnedList, statementOf } from './trust.mjs'

export const JOSE = 'application/jose'
export const ENVELOPE = 'application/vnd.safepassage.envelope.v1'
export const BATCH = 'application/vnd.safepassage.batch.v1'

export class Peer {
  routes = {}
  seen = new SeenLogs()
  #statements = new Map()

  /**
   * told   entity_id, keys (private JWKs), list (the document) and its digest, and the suite that it lists
   * opens  whether others can call
   * takes  media types that it takes besides
   */
  static async of(told, { opens = true, takes = [] } = {}) {
    const peer = new Peer()
    peer.entityId = told.entity_id
    peer.keys = Object.fromEntries(Object.entries(told.keys).map(([name, jwk]) => [name, ofPrivateJwk(jwk)]))
    peer.list = pinnedList(told.list, told.digest)
    peer.log = new OwnLog(memberOf(peer.list, peer.entityId).logs[0].origin, peer.keys.log)
    peer.calls = new Calls(peer.entityId, peer.keys.client)
    peer.suite = told.suite ?? DEFAULT
    peer.keys.exchange = SUITES[peer.suite].alg === 'ES384' ? peer.keys.exchange_p384 : peer.keys.exchange
    peer.encryption = await newKey(peer.suite)
    const statement = ownStatement(peer.entityId, peer.keys, peer.encryption, takes)
    peer.routes['GET /v1/peer/consistency'] = ({ query }) => peer.#consistency(query)
    peer.door = new Door(peer.entityId, { statement, statementOf: (entityId) => peer.statement(entityId), routes: peer.routes })
    if (opens) await peer.door.open()
    return peer
  }

  member(entityId) {
    return memberOf(this.list, entityId)
  }

  async statement(entityId) {
    if (!this.#statements.has(entityId)) this.#statements.set(entityId, await statementOf(this.member(entityId)))
    return this.#statements.get(entityId)
  }

  /** A message of ours. Its JSON is not canonical, since it need not be. */
  sign(typ, claims) {
    const pair = this.keys.exchange
    const header = { typ, kid: pair.kid, alg: pair.alg }
    return signed(typ, { ...claims, v: claims.v ?? 1 }, pair, header, (value) => JSON.stringify(value, null, 1))
  }

  /** Of the key that signed a token that was verified. */
  algorithmOf(token) {
    return read(token).header.alg === 'ES384' ? 'ES384' : 'Ed25519'
  }

  /** The claims of a message that `entityId` signed for us. */
  async read(token, typ, entityId) {
    const claims = verified(token, typ, (await this.statement(entityId)).exchange_signing)
    demand(claims.iss === entityId, 'wrong-issuer', 401)
    demand(claims.aud === this.entityId, 'wrong-audience', 401)
    return claims
  }

  /** The leaf that a message of `entityId` proves. */
  proven(claims, entityId) {
    const member = this.member(entityId)
    return this.seen.verify(claims, member, async (origin, from, to) => {
      const query = new URLSearchParams({ origin, from, to })
      const answer = await this.calls.send(member, 'GET', `/v1/peer/consistency?${query}`)
      demand(answer.status === 200, 'consistency-not-shown')
      return JSON.parse(answer.body).path
    })
  }

  /** The answer that refuses a message of `entityId` for good. */
  refused(token, entityId, error) {
    const { code, status } = error
    const claims = { iss: this.entityId, aud: entityId, about: digest(utf8(token)), code, status, iat: seconds() }
    return problem(error, this.sign('sp-refusal+jws', claims))
  }

  /** Send a message, and give what is answered; a refusal is taken only once it is signed by the node, about these bytes. */
  async send(entityId, path, body, type = JOSE, token = body, method = 'POST') {
    const answer = await this.calls.send(this.member(entityId), method, path, body, type)
    if (answer.status < 400) return { status: answer.status, body: answer.body.toString() }
    const problem = JSON.parse(answer.body)
    const said = { status: answer.status, code: problem.code, field: problem.field }
    if (!problem.refusal) return { ...said, unsigned: true }
    const refusal = await this.read(problem.refusal, 'sp-refusal+jws', entityId)
    demand(refusal.about === digest(utf8(token)), 'refusal-malformed')
    demand(refusal.code === problem.code && refusal.status === answer.status, 'refusal-malformed')
    return said
  }

  /** Send messages together: what is answered to each. */
  async sendTogether(entityId, path, tokens) {
    const body = Buffer.concat(tokens.flatMap((token) => [u32(token.length), utf8(token)]))
    const answer = await this.calls.send(this.member(entityId), 'POST', path, body, BATCH)
    demand(answer.status === 200, 'batch-malformed')
    return JSON.parse(answer.body).answers
  }

  #consistency(query) {
    const path = this.log.consistency(Number(query.get('from')), Number(query.get('to')))
    return { status: 200, body: JSON.stringify({ path }) }
  }
}
