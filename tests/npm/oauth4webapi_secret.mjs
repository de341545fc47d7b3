// oauth4webapi with a key and a secret: the same two steps, each answer checked by the library.
import * as oauth from 'oauth4webapi'
import { fetching } from './tls.mjs'
import { say, told } from './told.mjs'

const issuer = new URL(told.issuer)
const options = { [oauth.customFetch]: fetching(told.authority) }
const as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...options }))
const client = { client_id: told.client_id }

const asked = (way) => oauth.clientCredentialsGrantRequest(as, client, way, new URLSearchParams({ scope: told.scope }), options)
const token = await oauth.processClientCredentialsResponse(as, client, await asked(oauth.ClientSecretBasic(told.secret)))
const inTheForm = await oauth.processClientCredentialsResponse(as, client, await asked(oauth.ClientSecretPost(told.secret)))
const roster = await oauth.protectedResourceRequest(token.access_token, 'GET', new URL(told.path, issuer), undefined, undefined, options)
const wrong = await oauth.processClientCredentialsResponse(as, client, await asked(oauth.ClientSecretBasic(told.wrong))).catch((error) => ({
  status: error.status, scheme: error.cause[0].scheme,
}))

say({ token: { ...token, access_token: undefined }, status: roster.status, inTheForm: inTheForm.scope, body: await roster.json(), wrong })
