// oidc-provider for a client that has a secret and no more, as FAPI 2.0 has none: the same as authorization_server.mjs for what is asked of both.
// It says its address in one line, and answers until it is killed.
import { createServer } from 'node:http'
import Provider, { errors } from 'oidc-provider'
import { say, told } from './told.mjs'

const server = createServer()
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
const issuer = `http://127.0.0.1:${server.address().port}`

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: told.client_id,
      client_secret: told.secret,
      scope: told.scope,
      grant_types: ['client_credentials'],
      response_types: [],
      redirect_uris: [],
      token_endpoint_auth_method: 'client_secret_basic',
      authorization_details_types: ['student_data_access'],
    },
  ],
  scopes: [told.scope],
  clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'private_key_jwt'],
  routes: { token: '/oauth/token' },
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    dPoP: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => issuer,
      getResourceServerInfo: (_, resource) => {
        if (resource !== issuer) throw new errors.InvalidTarget()
        return { scope: told.scope, accessTokenFormat: 'opaque', audience: resource }
      },
    },
    richAuthorizationRequests: {
      enabled: true,
      types: { student_data_access: { validate() {} } },
      authorizationDetailsForGrantSource: () => undefined,
      authorizationDetailsForAccessToken: (ctx) => JSON.parse(ctx.oidc.params.authorization_details ?? '[]'),
      authorizationDetailsForIntrospection: (_, token) => token.rar,
    },
  },
})
server.on('request', provider.callback())
say({ issuer })
