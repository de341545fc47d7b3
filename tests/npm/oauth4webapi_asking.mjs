// oauth4webapi as an application that asks a person, step by step: a request that is pushed, the person's answer in their browser, the code.
import * as oauth from 'oauth4webapi'
import { signingKey, told } from './told.mjs'
import { withNonce } from './with_nonce.mjs'

export const insecure = { [oauth.allowInsecureRequests]: true }
export const issuer = new URL(told.application.issuer)
export const as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...insecure }))
export const application = { client_id: told.application.client_id }
export const authentication = oauth.PrivateKeyJwt(await signingKey(told.application.key))
export const options = { DPoP: oauth.DPoP(application, await oauth.generateKeyPair('ES256')), ...insecure }

export async function agreed(browser, wanted = {}) {
  const verifier = oauth.generateRandomCodeVerifier()
  const state = oauth.generateRandomState()
  const parameters = {
    response_type: 'code',
    redirect_uri: told.redirect_uri,
    scope: told.scope,
    state,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    ...wanted,
  }
  const pushed = await withNonce(async () => {
    const answer = await oauth.pushedAuthorizationRequest(as, application, authentication, parameters, options)
    return oauth.processPushedAuthorizationResponse(as, application, answer)
  })
  const url = new URL(as.authorization_endpoint)
  url.search = new URLSearchParams({ client_id: application.client_id, request_uri: pushed.request_uri })
  const callback = oauth.validateAuthResponse(as, application, await browser.answer(url, 'approve'), state)
  const tokens = await withNonce(async () => {
    const answer = await oauth.authorizationCodeGrantRequest(
      as, application, authentication, callback, told.redirect_uri, verifier, options,
    )
    return oauth.processAuthorizationCodeResponse(as, application, answer)
  })
  return { pushed, tokens }
}

export const call = (token, method, path, headers, body) => withNonce(() =>
  oauth.protectedResourceRequest(token, method, new URL(path, issuer), headers, body, options))
