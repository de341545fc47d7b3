// oauth4webapi, step by step: a call that is refused for how its person signed in (RFC 9470), and what the client does then.
import * as oauth from 'oauth4webapi'
import { Browser } from './browser.mjs'
import { say, signingKey, told } from './told.mjs'
import { withNonce } from './with_nonce.mjs'

const insecure = { [oauth.allowInsecureRequests]: true }
const issuer = new URL(told.application.issuer)
const as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...insecure }))
const application = { client_id: told.application.client_id }
const authentication = oauth.PrivateKeyJwt(await signingKey(told.application.key))
const options = { DPoP: oauth.DPoP(application, await oauth.generateKeyPair('ES256')), ...insecure }
const browser = new Browser(told.application.issuer)
await browser.signIn()

async function tokens(wanted) {
  const verifier = oauth.generateRandomCodeVerifier()
  const state = oauth.generateRandomState()
  const challenge = await oauth.calculatePKCECodeChallenge(verifier)
  const own = {
    response_type: 'code',
    redirect_uri: told.redirect_uri,
    scope: told.scope,
    authorization_details: JSON.stringify(told.details),
    state,
    code_challenge: challenge,
    code_challenge_method: 'S256',
  }
  const pushed = await withNonce(async () => {
    const answer = await oauth.pushedAuthorizationRequest(as, application, authentication, { ...own, ...wanted }, options)
    return oauth.processPushedAuthorizationResponse(as, application, answer)
  })
  const url = new URL(as.authorization_endpoint)
  url.search = new URLSearchParams({ client_id: application.client_id, request_uri: pushed.request_uri })
  const callback = oauth.validateAuthResponse(as, application, await browser.answer(url, 'approve'), state)
  return withNonce(async () => {
    const answer = await oauth.authorizationCodeGrantRequest(as, application, authentication, callback, told.redirect_uri, verifier, options)
    return oauth.processAuthorizationCodeResponse(as, application, answer)
  })
}

function asked(token) {
  const headers = new Headers({ 'content-type': 'application/json' })
  const url = new URL(told.path, issuer)
  return withNonce(() => oauth.protectedResourceRequest(token, 'POST', url, headers, JSON.stringify(told.body), options))
}

const first = await tokens({})
const { status, cause } = await asked(first.access_token).catch((error) => error)
const [{ scheme, parameters: { error, max_age, acr_values } }] = cause
const before = browser.confirmed
const second = await tokens({ max_age, acr_values })
const through = await asked(second.access_token)
const still = await asked(first.access_token).catch((refused) => refused.status)

say({ refused: { status, scheme, error, max_age, acr_values }, confirmed: [before, browser.confirmed], through: through.status, still, first, second })
