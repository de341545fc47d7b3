// oidc-provider as an authorization server of FAPI 2.0: what it says of a request can be held against what the node says.
// It says its address in one line, and answers until it is killed. Its paths are the node's.
import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import Provider, { errors } from 'oidc-provider'
import { say, told } from './told.mjs'

const server = createServer()
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
const issuer = `http://127.0.0.1:${server.address().port}`

const provider = new Provider(issuer, {
  clients: told.clients.map(({ jwk, ...client }) => ({
    ...client,
    jwks: { keys: [jwk] },
    grant_types: client.redirect_uris.length ? ['client_credentials', 'authorization_code', 'refresh_token'] : ['client_credentials'],
    response_types: client.redirect_uris.length ? ['code'] : [],
    token_endpoint_auth_method: 'private_key_jwt',
    token_endpoint_auth_signing_alg: jwk.alg,
    dpop_bound_access_tokens: true,
    authorization_details_types: told.types,
  })),
  scopes: told.scopes,
  // Of clients that register themselves and do not say otherwise.
  clientDefaults: { grant_types: ['client_credentials'], response_types: [], token_endpoint_auth_method: 'private_key_jwt' },
  clientAuthMethods: ['private_key_jwt'],
  enabledJWA: {
    clientAuthSigningAlgValues: ['Ed25519', 'EdDSA', 'ES256', 'PS256'],
    dPoPSigningAlgValues: ['Ed25519', 'EdDSA', 'ES256'],
  },
  clockTolerance: 0,
  issueRefreshToken: () => true,
  findAccount: (_, accountId) => ({ accountId, claims: () => ({ sub: accountId }) }),
  cookies: { keys: ['for this test alone'] },
  renderError: (ctx, told) => {
    ctx.type = 'json'
    ctx.body = told
  },
  routes: {
    authorization: '/oauth/authorize',
    token: '/oauth/token',
    introspection: '/oauth/introspect',
    revocation: '/oauth/revoke',
    pushed_authorization_request: '/oauth/par',
    jwks: '/oauth/jwks',
    registration: '/oauth/register',
    userinfo: '/v1/decisions', // the one resource that it has
  },
  features: {
    devInteractions: { enabled: true }, // its own pages at which people sign in and agree
    fapi: { enabled: true, profile: '2.0' },
    clientCredentials: { enabled: true },
    dPoP: { enabled: true, nonceSecret: randomBytes(32), requireNonce: () => false },
    introspection: { enabled: true, allowedPolicy: () => true },
    revocation: { enabled: true, allowedPolicy: () => true },
    pushedAuthorizationRequests: { enabled: true },
    registration: { enabled: true, initialAccessToken: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => issuer,
      getResourceServerInfo: (_, resource) => {
        if (![issuer, ...told.resources].includes(resource)) throw new errors.InvalidTarget()
        return { scope: told.scopes.join(' '), accessTokenFormat: 'opaque', audience: resource }
      },
    },
    richAuthorizationRequests: {
      enabled: true,
      types: Object.fromEntries(told.types.map((type) => [type, { validate() {} }])),
      authorizationDetailsForGrantSource: () => undefined,
      authorizationDetailsForAccessToken: (ctx) => ctx.oidc.authorizationDetails ?? JSON.parse(ctx.oidc.params.authorization_details),
      authorizationDetailsForIntrospection: (_, token) => token.rar,
    },
  },
})
if (told.debug) provider.on('server_error', (ctx, error) => console.error(error))

// A code as if a person had agreed at pages, which are not part of it: for the first application, and one challenge.
async function codeOfAPerson() {
  const client = await provider.Client.find(told.clients.find(({ redirect_uris }) => redirect_uris.length).client_id)
  const grant = new provider.Grant({ accountId: 'person', clientId: client.clientId })
  grant.addResourceScope(issuer, told.scopes.join(' '))
  const code = new provider.AuthorizationCode({
    accountId: 'person',
    client,
    grantId: await grant.save(),
    redirectUri: client.redirectUris[0],
    codeChallenge: told.challenge,
    codeChallengeMethod: 'S256',
    resource: issuer,
    scope: told.scopes.join(' '),
  })
  return code.save()
}

// A token for its own resource, userinfo, bound to the key of a thumbprint: what a person's code would have given.
async function tokenOfAPerson(jkt) {
  const client = await provider.Client.find(told.clients.find(({ redirect_uris }) => redirect_uris.length).client_id)
  const grant = new provider.Grant({ accountId: 'person', clientId: client.clientId })
  grant.addOIDCScope('openid')
  const grantId = await grant.save()
  return new provider.AccessToken({ accountId: 'person', client, grantId, gty: 'authorization_code', scope: 'openid', jkt }).save()
}

// Its clock, which can be put forward.
const now = Date.now
let ahead = 0
Date.now = () => now() + ahead

const answer = provider.callback()
server.on('request', async (request, response) => {
  const [, what, about] = request.url.match(/^\/made\/(code|token|access|later)(?:\/([\w-]+))?$/) ?? []
  if (!what) return answer(request, response)
  if (what === 'later') ahead = Number(about) * 1000
  const made = { code: codeOfAPerson, token: () => new provider.InitialAccessToken({}).save(), access: () => tokenOfAPerson(about), later: () => about }
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify({ [what]: await made[what]() }))
})
say({ issuer })
