// oauth4webapi, step by step: what a machine and a resource server do at the node, each answer checked by the library.
import * as oauth from 'oauth4webapi'
import { say, signingKey, told } from './told.mjs'
import { withNonce as again } from './with_nonce.mjs'

const insecure = { [oauth.allowInsecureRequests]: true }
const issuer = new URL(told.machine.issuer)
const discovered = await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...insecure })
const as = await oauth.processDiscoveryResponse(issuer, discovered)
const described = await oauth.processResourceDiscoveryResponse(issuer, await oauth.resourceDiscoveryRequest(issuer, insecure))

const machine = { client_id: told.machine.client_id }
const machineAuth = oauth.PrivateKeyJwt(await signingKey(told.machine.key))
const server = { client_id: told.server.client_id }
const serverAuth = oauth.PrivateKeyJwt(await signingKey(told.server.key))

const proofKeys = await oauth.generateKeyPair(told.proofs)
const DPoP = oauth.DPoP(machine, proofKeys)
let nonces = 0
const withNonce = (ask) => again(ask, () => { nonces += 1 })

function token(parameters) {
  return withNonce(async () => {
    const asked = await oauth.clientCredentialsGrantRequest(as, machine, machineAuth, new URLSearchParams(parameters), { DPoP, ...insecure })
    return oauth.processClientCredentialsResponse(as, machine, asked)
  })
}

function call(accessToken, method, path) {
  const url = new URL(path, issuer)
  return withNonce(() => oauth.protectedResourceRequest(accessToken, method, url, undefined, undefined, { DPoP, ...insecure }))
}

async function introspected(client, authentication, accessToken, signed) {
  const options = { requestJwtResponse: signed, ...insecure }
  const answer = await oauth.introspectionRequest(as, client, authentication, accessToken, options)
  const said = await oauth.processIntrospectionResponse(as, client, answer)
  if (signed) await oauth.validateApplicationLevelSignature(as, answer, insecure)
  return said
}

const own = await token({ scope: told.scope, authorization_details: JSON.stringify(told.details) })
const may = await call(own.access_token, 'GET', '/oauth/token_info')
const exchange = 'urn:ietf:params:oauth:grant-type:token-exchange'
const subject = { subject_token: own.access_token, subject_token_type: 'urn:ietf:params:oauth:token-type:access_token' }
const exchanged = await withNonce(async () => {
  const asked = await oauth.genericTokenEndpointRequest(as, machine, machineAuth, exchange, new URLSearchParams(subject), { DPoP, ...insecure })
  return oauth.processGenericTokenEndpointResponse(as, machine, asked)
})
const foreign = await token({ resource: told.resource })

// The resource server outside of the node is sent the token, and checks token and proof by itself (RFC 9068, RFC 9449).
let sent
const keep = async (url, options) => {
  sent = new Request(url, options)
  return new Response()
}
await oauth.protectedResourceRequest(foreign.access_token, 'GET', new URL(`${told.resource}/students`), undefined, undefined, {
  DPoP, [oauth.customFetch]: keep,
})
const claims = await oauth.validateJwtAccessToken(as, sent, told.resource, { requireDPoP: true, ...insecure })

// SMART Backend Services names the token endpoint as an assertion's audience: a client is registered for that, and for nothing else.
async function backend(options) {
  const authentication = oauth.PrivateKeyJwt(await signingKey(told.backend.key), options)
  const client = { client_id: told.backend.client_id }
  return withNonce(async () => {
    const asked = await oauth.clientCredentialsGrantRequest(as, client, authentication, new URLSearchParams(), { DPoP, ...insecure })
    return oauth.processClientCredentialsResponse(as, client, asked)
  })
}
const smart = await backend({ [oauth.modifyAssertion]: (_, claims) => { claims.aud = as.token_endpoint } })
const notSmart = await backend().catch((error) => error.error)

const plain = await introspected(server, serverAuth, foreign.access_token, false)
const signed = await introspected(server, serverAuth, foreign.access_token, true)

await oauth.processRevocationResponse(await oauth.revocationRequest(as, machine, machineAuth, foreign.access_token, insecure))
const after = await introspected(server, serverAuth, foreign.access_token, true)

say({
  described, nonces, claims, smart: smart.scope, notSmart, plain, signed, after,
  token: { ...own, access_token: undefined },
  exchanged: { ...exchanged, access_token: undefined },
  may: await may.json(),
})
