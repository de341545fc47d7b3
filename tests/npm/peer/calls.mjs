// Calls to another node: a token for our own key, and a proof with each call (docs/wire.md, "Calls").

import * as oauth from 'oauth4webapi'

import { withNonce } from '../with_nonce.mjs'

export class Calls {
  #tokens = new Map()

  constructor(entityId, pair) {
    this.client = { client_id: entityId }
    this.pair = pair
  }

  /** The answer to one call: status, headers, and the body as bytes. */
  async send(member, method, path, body, type) {
    const options = await this.#options()
    const token = await this.#token(member, options)
    const url = new URL(member.endpoints.gateway + path)
    const headers = new Headers(type ? { 'content-type': type } : {})
    const answer = await withNonce(() => oauth.protectedResourceRequest(token, method, url, headers, body, options))
    return { status: answer.status, headers: answer.headers, body: Buffer.from(await answer.arrayBuffer()) }
  }

  async #token(member, options) {
    if (!this.#tokens.has(member.entity_id)) this.#tokens.set(member.entity_id, this.#newToken(member, options))
    return (await this.#tokens.get(member.entity_id)).access_token
  }

  async #newToken(member, options) {
    const server = { issuer: member.entity_id, token_endpoint: `${member.entity_id}/oauth/token` }
    const key = await crypto.subtle.importKey('jwk', this.pair.private, 'Ed25519', false, ['sign'])
    const authentication = oauth.PrivateKeyJwt({ key, kid: this.pair.kid })
    const scope = new URLSearchParams({ scope: 'exchange:peer' })
    return withNonce(async () => {
      const answer = await oauth.clientCredentialsGrantRequest(server, this.client, authentication, scope, options)
      return oauth.processClientCredentialsResponse(server, this.client, answer)
    })
  }

  /** One key for all proofs, which tokens are bound to. */
  async #options() {
    this.proofs ??= oauth.generateKeyPair('Ed25519').then((keys) => oauth.DPoP(this.client, keys))
    return { DPoP: await this.proofs, [oauth.allowInsecureRequests]: true }
  }
}
