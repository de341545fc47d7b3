// openid-client proves who it is by the certificate of its connection (RFC 8705): its tokens are bound to that, and worth nothing without it.
import * as client from 'openid-client'
import { fetching } from './tls.mjs'
import { say, told } from './told.mjs'

const { issuer, client_id, authority } = told

async function coming(by) {
  const options = { algorithm: 'oauth2', [client.customFetch]: fetching(authority, by) }
  return client.discovery(new URL(issuer), client_id, undefined, client.TlsClientAuth(), options)
}

const own = await coming(told.own)
const info = new URL('/oauth/token_info', issuer)
const call = async (config, token) =>
  client.fetchProtectedResource(config, token, info, 'GET').then((answer) => answer.status, (error) => [error.status, error.cause[0].parameters.error])

const token = await client.clientCredentialsGrant(own, { scope: told.scope })
const may = await call(own, token.access_token)
const known = await client.tokenIntrospection(own, token.access_token)

const stolen = []
const untaken = []
for (const by of [told.other, undefined]) {
  const config = await coming(by)
  stolen.push(await call(config, token.access_token))
  untaken.push(await client.clientCredentialsGrant(config).catch((error) => error.error))
}

const DPoP = client.getDPoPHandle(own, await client.randomDPoPKeyPair('ES256'))
const proven = await client.clientCredentialsGrant(own, {}, { DPoP })

await client.tokenRevocation(own, token.access_token)
const after = [await call(own, token.access_token), (await client.tokenIntrospection(own, token.access_token)).active]

say({ server: own.serverMetadata(), token, may, known, stolen, untaken, proven, after })
