// openid-client is told at the resource that its person signed in too long ago and too weakly (RFC 9470), asks them anew with what is wanted,
// and gets through.
import * as client from 'openid-client'
import { Browser } from './browser.mjs'
import { configured } from './openid_configured.mjs'
import { say, told } from './told.mjs'

const config = await configured(told.application)
const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair('ES256'))
const browser = new Browser(told.application.issuer)
await browser.signIn()

async function tokens(wanted) {
  const pkceCodeVerifier = client.randomPKCECodeVerifier()
  const expectedState = client.randomState()
  const parameters = {
    redirect_uri: told.redirect_uri,
    scope: told.scope,
    authorization_details: JSON.stringify(told.details),
    state: expectedState,
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    ...wanted,
  }
  const back = await browser.answer(await client.buildAuthorizationUrlWithPAR(config, parameters, { DPoP }), 'approve')
  return client.authorizationCodeGrant(config, back, { pkceCodeVerifier, expectedState }, undefined, { DPoP })
}

const url = new URL(told.path, told.application.issuer)
const headers = new Headers({ 'content-type': 'application/json' })
const asked = (token) => client.fetchProtectedResource(config, token, url, 'POST', JSON.stringify(told.body), headers, { DPoP })

const first = await tokens()
const { status, cause } = await asked(first.access_token).catch((error) => error)
const [{ scheme, parameters: { error, max_age, acr_values } }] = cause
const before = browser.confirmed
const second = await tokens({ max_age, acr_values })
const through = await asked(second.access_token)
const still = await asked(first.access_token).catch((refused) => refused.status)

say({ refused: { status, scheme, error, max_age, acr_values }, confirmed: [before, browser.confirmed], through: through.status, still, first, second })
