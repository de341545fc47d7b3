// A client of openid-client's that knows the node. The node is on the loopback by http: that it has to be allowed is the library's rule.
import * as client from 'openid-client'
import { signingKey } from './told.mjs'

export async function configured({ issuer, client_id, key }, metadata, about) {
  const own = client.PrivateKeyJwt(await signingKey(key), about)
  const options = { algorithm: 'oauth2', execute: [client.allowInsecureRequests] }
  return client.discovery(new URL(issuer), client_id, metadata, own, options)
}
