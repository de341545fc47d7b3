// oauth4webapi, step by step, with the certificate of its connection (RFC 8705), and with no other, nor without one.
import * as oauth from 'oauth4webapi'
import { fetching } from './tls.mjs'
import { say, told } from './told.mjs'

const issuer = new URL(told.issuer)
const options = { [oauth.customFetch]: fetching(told.authority, told.own) }
const strangers = [told.other, undefined].map((by) => ({ [oauth.customFetch]: fetching(told.authority, by) }))
const as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...options }))
const client = { client_id: told.client_id }
const byCertificate = oauth.TlsClientAuth()

const asked = new URLSearchParams({ scope: told.scope })
const token = await oauth.processClientCredentialsResponse(
  as, client, await oauth.clientCredentialsGrantRequest(as, client, byCertificate, asked, options),
)
const info = new URL('/oauth/token_info', issuer)
const call = (by) => oauth.protectedResourceRequest(token.access_token, 'GET', info, undefined, undefined, by)
const may = await call(options)
const stolen = await Promise.all(strangers.map((by) => call(by).catch((error) => [error.status, error.cause[0].parameters.error])))

const introspected = async (by) => oauth.processIntrospectionResponse(
  as, client, await oauth.introspectionRequest(as, client, byCertificate, token.access_token, by),
)
const known = await introspected(options)
const untold = await Promise.all(strangers.map((by) => introspected(by).catch((error) => error.error)))
await oauth.processRevocationResponse(await oauth.revocationRequest(as, client, byCertificate, token.access_token, options))

say({ token, may: may.status, stolen, known, untold, after: await introspected(options) })
