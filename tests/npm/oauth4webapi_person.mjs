// oauth4webapi, step by step: an authorization request that is pushed, a person's answer, the code, a call, the refresh token twice.
import * as oauth from 'oauth4webapi'
import { Browser } from './browser.mjs'
import { say, signingKey, told } from './told.mjs'
import { withNonce } from './with_nonce.mjs'

const insecure = { [oauth.allowInsecureRequests]: true }
const issuer = new URL(told.application.issuer)
const as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...insecure }))
const application = { client_id: told.application.client_id }
const authentication = oauth.PrivateKeyJwt(await signingKey(told.application.key))
const DPoP = oauth.DPoP(application, await oauth.generateKeyPair('ES256'))
const options = { DPoP, ...insecure }

const verifier = oauth.generateRandomCodeVerifier()
const state = oauth.generateRandomState()
const parameters = new URLSearchParams({
  response_type: 'code',
  redirect_uri: told.redirect_uri,
  scope: told.scope,
  state,
  code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
  code_challenge_method: 'S256',
})
const pushed = await withNonce(async () => {
  const answer = await oauth.pushedAuthorizationRequest(as, application, authentication, parameters, options)
  return oauth.processPushedAuthorizationResponse(as, application, answer)
})

const browser = new Browser(told.application.issuer)
await browser.comeIn(told.link)
const url = new URL(as.authorization_endpoint)
url.search = new URLSearchParams({ client_id: application.client_id, request_uri: pushed.request_uri })
const back = await browser.answer(url, 'approve')
const callback = oauth.validateAuthResponse(as, application, back, state)

const tokens = await withNonce(async () => {
  const answer = await oauth.authorizationCodeGrantRequest(
    as, application, authentication, callback, told.redirect_uri, verifier, options,
  )
  return oauth.processAuthorizationCodeResponse(as, application, answer)
})
const info = new URL('/oauth/token_info', issuer)
const may = await withNonce(() => oauth.protectedResourceRequest(tokens.access_token, 'GET', info, undefined, undefined, options))

const refresh = (held) => withNonce(async () => {
  const answer = await oauth.refreshTokenGrantRequest(as, application, authentication, held, options)
  return oauth.processRefreshTokenResponse(as, application, answer)
})
const second = await refresh(tokens.refresh_token)
const third = await refresh(second.refresh_token)
const reused = await refresh(tokens.refresh_token).catch((error) => error.error)
const ended = await refresh(third.refresh_token).catch((error) => error.error)

say({ pushed, may: may.status, tokens, second, third, reused, ended })
