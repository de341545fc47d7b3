// oidc-provider as an agency's OpenID provider, at which people sign in with a page of its own; or, where it is told who sits at the browser,
// without one, as where the agency's own machines sign people in. It says its address in one line, and answers until it is killed.
import { createServer } from 'node:http'
import Provider from 'oidc-provider'
import { say, told } from './told.mjs'

const server = createServer()
await new Promise((resolve) => server.listen(told.port ?? 0, '127.0.0.1', resolve))
const issuer = `http://127.0.0.1:${server.address().port}`

// Who sits there signed in so many seconds ago, weakly; anew, and as it was asked, where that is not recent or strong enough.
const seated = told.seated && {
  interactions: { url: (_, { uid }) => `/seated/${uid}` },
  acrValues: told.seated.acr_values,
  async loadExistingGrant({ oidc }) {
    const grant = new oidc.provider.Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId })
    grant.addOIDCScope('openid profile')
    grant.addOIDCClaims(['roles', 'name'])
    await grant.save()
    return grant
  },
}

async function signIn(request, response) {
  const { params, session } = await provider.interactionDetails(request, response)
  const now = Math.floor(Date.now() / 1000)
  const anew = session?.accountId !== undefined
  const login = { accountId: told.seated.who, ts: anew ? now : now - told.seated.seconds_ago, acr: anew ? params.acr_values.split(' ')[0] : undefined }
  await provider.interactionFinished(request, response, { login }, { mergeWithLastSubmission: false })
}

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: told.client_id,
      jwks: { keys: [told.jwk] },
      token_endpoint_auth_method: 'private_key_jwt',
      token_endpoint_auth_signing_alg: told.jwk.alg,
      id_token_signed_response_alg: told.algorithm,
      redirect_uris: [`${told.node}/sign-in/callback`],
      post_logout_redirect_uris: [`${told.node}/signed-out`],
      backchannel_logout_uri: `${told.node}/sign-in/back-channel-logout`,
      backchannel_logout_session_required: true,
      require_auth_time: true,
    },
  ],
  clientAuthMethods: ['private_key_jwt'],
  enabledJWA: { idTokenSigningAlgValues: ['RS256', 'PS256', 'ES256', 'EdDSA'], clientAuthSigningAlgValues: ['ES256'] },
  claims: { openid: ['sub', 'roles'], profile: ['name'] },
  conformIdTokenClaims: false,
  findAccount: (_, accountId) => ({ accountId, claims: () => ({ sub: accountId, ...told.people[accountId] }) }),
  pkce: { required: () => true },
  features: { devInteractions: { enabled: !seated }, backchannelLogout: { enabled: true }, rpInitiatedLogout: { enabled: true } },
  fetch: (url, { dispatcher, ...options }) => fetch(url, options), // its own would not call this machine
  jwks: { keys: told.keys },
  cookies: { keys: ['for this test alone'] },
  ...seated,
})
if (told.debug) provider.on('server_error', (_, error) => console.error(error))
if (told.debug) provider.on('grant.error', (_, error) => console.error(error))
const answer = provider.callback()
server.on('request', (request, response) => (seated && request.url.startsWith('/seated/') ? signIn : answer)(request, response))
say({ issuer })
