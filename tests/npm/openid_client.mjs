// openid-client completes what a machine does at the node: a token, a call, asking about the token, taking it back.
import * as client from 'openid-client'
import { configured } from './openid_configured.mjs'
import { say, told } from './told.mjs'

const config = await configured(told.machine)
const keys = await client.randomDPoPKeyPair('ES256')
const DPoP = client.getDPoPHandle(config, keys)
// It has seen no nonce of the token endpoint's: where one is wanted, the resource has to give it.
const atResources = client.getDPoPHandle(config, keys)
const info = new URL('/oauth/token_info', told.machine.issuer)

const asked = { scope: told.scope, authorization_details: JSON.stringify(told.details) }
const token = await client.clientCredentialsGrant(config, asked, { DPoP })
const may = await client.fetchProtectedResource(config, token.access_token, info, 'GET', null, null, { DPoP: atResources })
const { active } = await client.tokenIntrospection(config, token.access_token)

const elsewhere = await client.clientCredentialsGrant(config, { resource: told.resource }, { DPoP })
const server = await configured(told.server)
const known = await client.tokenIntrospection(server, elsewhere.access_token)
const signing = await configured(told.server, { introspection_signed_response_alg: 'Ed25519' })
client.enableNonRepudiationChecks(signing)
const signed = await client.tokenIntrospection(signing, elsewhere.access_token)

const exchange = 'urn:ietf:params:oauth:grant-type:token-exchange'
const subject = { subject_token: token.access_token, subject_token_type: 'urn:ietf:params:oauth:token-type:access_token' }
const actor = await configured(told.actor)
const actorDPoP = client.getDPoPHandle(actor, await client.randomDPoPKeyPair('ES256'))
const exchanged = await client.genericGrantRequest(actor, exchange, subject, { DPoP: actorDPoP })
const itMay = await client.fetchProtectedResource(actor, exchanged.access_token, info, 'GET', null, null, { DPoP: actorDPoP })

// SMART Backend Services names the token endpoint as an assertion's audience: a client is registered for that, and for nothing else.
const toTokenUrl = { [client.modifyAssertion]: (_, claims) => { claims.aud = config.serverMetadata().token_endpoint } }
const backend = async (options) => {
  const own = await configured(told.backend, undefined, options)
  const handle = client.getDPoPHandle(own, await client.randomDPoPKeyPair('ES256'))
  return client.clientCredentialsGrant(own, {}, { DPoP: handle }).then((given) => given.scope, (error) => error.error)
}
const smart = [await backend(toTokenUrl), await backend()]

await client.tokenRevocation(config, token.access_token)
const after = await client.tokenIntrospection(config, token.access_token)
const refused = await client
  .fetchProtectedResource(config, token.access_token, info, 'GET', null, null, { DPoP })
  .then((answer) => ({ status: answer.status }), (error) => ({ status: error.status, challenge: error.cause }))

say({
  server: config.serverMetadata(),
  token, smart, exchanged, itMay: itMay.status, may: { status: may.status, ...(await may.json()) }, active, known, signed, after, refused,
})
