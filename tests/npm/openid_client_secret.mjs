// openid-client as an Ed-Fi or OneRoster system that has a key and a secret and no more (RFC 6749 section 2.3.1): Basic, and a Bearer token.
import * as client from 'openid-client'
import { fetching } from './tls.mjs'
import { say, told } from './told.mjs'

const transport = told.authority
  ? { [client.customFetch]: fetching(told.authority) }
  : { execute: [client.allowInsecureRequests] }

async function coming({ client_id, secret }, way) {
  return client.discovery(new URL(told.issuer), client_id, undefined, way(secret), { algorithm: 'oauth2', ...transport })
}

const said = []
for (const one of told.clients) {
  for (const way of [client.ClientSecretBasic, client.ClientSecretPost]) {
    const config = await coming(one, way)
    try {
      const token = await client.clientCredentialsGrant(config, { scope: told.scope })
      const answer = await client.fetchProtectedResource(config, token.access_token, new URL(told.path, told.issuer), 'GET')
      const beyond = await client
        .fetchProtectedResource(config, token.access_token, new URL(told.beyond, told.issuer), 'GET')
        .then((other) => other.status, (error) => error.status)
      said.push({ token: { ...token, access_token: undefined }, status: answer.status, body: await answer.json(), beyond })
    } catch (error) {
      said.push({ status: error.status, error: error.error ?? error.cause?.[0]?.scheme })
    }
  }
}
say({ methods: (await coming(told.clients[0], client.ClientSecretBasic)).serverMetadata().token_endpoint_auth_methods_supported, said })
