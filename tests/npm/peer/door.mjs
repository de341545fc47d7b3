// Our own door: statement, tokens, and what other members send (docs/wire.md, "Calls" and "Answers, refusals, retries").

import { createHash, randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import { buffer } from 'node:stream/consumers'

import { calculateJwkThumbprint, createLocalJWKSet, EmbeddedJWK, jwtVerify } from 'jose'

import { demand, Refused } from './problem.mjs'

export class Door {
  #tokens = new Map()
  /** It wants one of these in every proof: at its token endpoint (RFC 9449 section 8), and for what a token opens (section 9). */
  #nonces = { token: randomUUID(), access: randomUUID() }

  /**
   * statement    our own, as a token
   * statementOf  that of a member, by its entity id
   * routes       by `METHOD /path`, in which `:name` is any segment: ({peer, body, query, segments}) => {status, body, type}
   */
  constructor(entityId, { statement, statementOf, routes }) {
    Object.assign(this, { entityId, statement, statementOf, routes })
    this.server = createServer((request, response) => this.#answer(request, response))
  }

  /** How many tokens were given. */
  get tokens() {
    return this.#tokens.size
  }

  async open() {
    const { hostname, port } = new URL(this.entityId)
    await new Promise((resolve) => this.server.listen(Number(port), hostname, resolve))
  }

  close() {
    this.server.closeAllConnections()
    this.server.close()
  }

  async #answer(request, response) {
    let answer
    try {
      answer = await this.#routed(request)
    } catch (error) {
      answer = problem(error)
    }
    const nonce = request.url === '/oauth/token' ? this.#nonces.token : this.#nonces.access
    const headers = { 'content-type': answer.type ?? 'application/json', 'dpop-nonce': nonce, ...answer.headers }
    response.writeHead(answer.status, headers).end(answer.body)
  }

  async #routed(request) {
    const { pathname, searchParams } = new URL(request.url, this.entityId)
    if (pathname === '/.well-known/safe-passage') return { status: 200, body: this.statement, type: 'application/jose' }
    const body = await buffer(request)
    const { route, segments } = this.#route(request.method, pathname)
    if (pathname === '/v1/trust-lists' && route) return route({ body })
    if (pathname === '/oauth/token') return this.#token(request, new URLSearchParams(body.toString()))
    demand(route, 'not-found', 404)
    const peer = await this.#caller(request, pathname)
    if (peer === null) return { status: 401, headers: { 'www-authenticate': 'DPoP error="use_dpop_nonce"' } }
    return route({ peer, body, query: searchParams, segments })
  }

  #route(method, path) {
    const given = path.split('/')
    for (const [named, route] of Object.entries(this.routes)) {
      const wanted = named.slice(method.length + 1).split('/')
      const fits = wanted.length === given.length && wanted.every((one, at) => one === given[at] || one.startsWith(':'))
      if (named.startsWith(`${method} `) && fits) return { route, segments: given.filter((_, at) => wanted[at].startsWith(':')) }
    }
    return {}
  }

  async #token(request, form) {
    const peer = form.get('client_id')
    const keys = createLocalJWKSet({ keys: (await this.statementOf(peer)).client_authentication })
    const named = { issuer: peer, subject: peer, audience: this.entityId }
    await jwtVerify(form.get('client_assertion'), keys, { ...named, maxTokenAge: 60, clockTolerance: 10 })
    const proof = await this.#proof(request, '/oauth/token')
    if (proof.claims.nonce !== this.#nonces.token) return { status: 400, body: JSON.stringify({ error: 'use_dpop_nonce' }) }
    const token = randomUUID()
    this.#tokens.set(token, { peer, thumbprint: proof.thumbprint })
    const answer = { access_token: token, token_type: 'DPoP', expires_in: 300, scope: 'exchange:peer' }
    return { status: 200, body: JSON.stringify(answer) }
  }

  async #caller(request, path) {
    const token = /^DPoP (.+)$/.exec(request.headers.authorization ?? '')?.[1]
    const held = this.#tokens.get(token)
    const { thumbprint, claims } = await this.#proof(request, path)
    const ath = createHash('sha256').update(token ?? '').digest('base64url')
    demand(held && thumbprint === held.thumbprint && claims.ath === ath, 'invalid-token', 401)
    return claims.nonce === this.#nonces.access ? held.peer : null
  }

  async #proof(request, path) {
    const about = { typ: 'dpop+jwt', maxTokenAge: 60, clockTolerance: 10 }
    const { payload, protectedHeader } = await jwtVerify(request.headers.dpop ?? '', EmbeddedJWK, about)
    demand(payload.htm === request.method && payload.htu === this.entityId + path, 'invalid-proof', 401)
    return { claims: payload, thumbprint: await calculateJwkThumbprint(protectedHeader.jwk) }
  }
}

/** What is answered to what is refused. `refusal`: signed, that it is for good. */
export function problem(error, refusal) {
  const [code, status] = error instanceof Refused ? [error.code, error.status] : ['not-answered', 500]
  if (status === 500) console.error(error)
  const retry = status === 500 ? 'after' : 'never'
  const said = { type: `urn:safepassage:problem:${code}`, code, title: code, status, remedy: '-', retry, refusal }
  return { status, body: JSON.stringify(said), type: 'application/problem+json' }
}
