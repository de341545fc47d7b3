// Clients register themselves (RFC 7591): openid-client by an administrator's token, oauth4webapi by a publisher's statement. Then each asks
// for a token, manages its registration (RFC 7592), and ends it.
import * as oauth from 'oauth4webapi'
import * as client from 'openid-client'
import { managed } from './managing.mjs'
import { say, signingKey, told } from './told.mjs'
import { withNonce } from './with_nonce.mjs'

const issuer = new URL(told.issuer)
const insecure = { [oauth.allowInsecureRequests]: true }

const metadata = { client_name: 'Reader', scope: told.scope, token_endpoint_auth_method: 'private_key_jwt', grant_types: ['client_credentials'] }
const own = client.PrivateKeyJwt(await signingKey(told.first.key))
const config = await client.dynamicClientRegistration(issuer, { ...metadata, jwks: { keys: [told.first.jwk] } }, own, {
  algorithm: 'oauth2', execute: [client.allowInsecureRequests], initialAccessToken: told.initial_access_token,
})
const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair('ES256'))
const waiting = () => client.clientCredentialsGrant(config, {}, { DPoP }).catch((error) => error.error)
const first = { said: config.clientMetadata(), waiting: await waiting() }
const byFirst = (token, method, url, headers, body) => client.fetchProtectedResource(config, token, url, method, body, headers)
first.managed = await managed(byFirst, first.said, { scope: told.narrower, client_name: 'Elm' }, waiting)

const as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...insecure }))
const said = { jwks: { keys: [told.second.jwk] }, client_name: 'Another name', scope: told.scope, software_statement: told.software_statement }
const registered = await oauth.processDynamicClientRegistrationResponse(await oauth.dynamicClientRegistrationRequest(as, said, insecure))
const second = oauth.PrivateKeyJwt(await signingKey(told.second.key))
const proofs = oauth.DPoP(registered, await oauth.generateKeyPair('ES256'))

async function token() {
  const options = { DPoP: proofs, ...insecure }
  const asked = await oauth.clientCredentialsGrantRequest(as, registered, second, new URLSearchParams(), options)
  return oauth.processClientCredentialsResponse(as, registered, asked)
}
const bySecond = (token, method, url, headers, body) => oauth.protectedResourceRequest(token, method, url, headers, body, insecure)
const at = await withNonce(token)
const scope = () => withNonce(token).then((given) => given.scope, (error) => error.error)

say({ first, second: { said: registered, token: at, managed: await managed(bySecond, registered, { scope: told.narrower, client_name: 'Elm' }, scope) } })
