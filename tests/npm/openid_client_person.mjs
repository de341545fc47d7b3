// openid-client asks a person whether it may act for them (PAR, PKCE, iss), exchanges the code, calls, refreshes, takes back; another time it
// may not.
import * as client from 'openid-client'
import { Browser } from './browser.mjs'
import { configured } from './openid_configured.mjs'
import { say, told } from './told.mjs'

const config = await configured(told.application)
const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair('ES256'))
const browser = new Browser(told.application.issuer)
await browser.comeIn(told.link)

async function asked(button) {
  const pkceCodeVerifier = client.randomPKCECodeVerifier()
  const expectedState = client.randomState()
  const url = await client.buildAuthorizationUrlWithPAR(
    config,
    {
      redirect_uri: told.redirect_uri,
      scope: told.scope,
      state: expectedState,
      code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
      code_challenge_method: 'S256',
    },
    { DPoP },
  )
  const back = await browser.answer(url, button)
  return { url, back, checks: { pkceCodeVerifier, expectedState } }
}

const agreed = await asked('approve')
const tokens = await client.authorizationCodeGrant(config, agreed.back, agreed.checks, undefined, { DPoP })
const info = new URL('/oauth/token_info', told.application.issuer)
const may = await client.fetchProtectedResource(config, tokens.access_token, info, 'GET', null, null, { DPoP })
const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token, undefined, { DPoP })
const still = await client.fetchProtectedResource(config, refreshed.access_token, info, 'GET', null, null, { DPoP })

const forged = new URL(agreed.back)
forged.searchParams.set('iss', 'https://other.example')
const thrown = await client.authorizationCodeGrant(config, forged, agreed.checks, undefined, { DPoP }).catch((error) => error.code)

await client.tokenRevocation(config, refreshed.refresh_token)
const takenBack = await client.refreshTokenGrant(config, refreshed.refresh_token, undefined, { DPoP }).catch((error) => error.error)
const over = await client.fetchProtectedResource(config, refreshed.access_token, info, 'GET', null, null, { DPoP }).catch((error) => error.status)

const no = await asked('refuse')
const refused = await client.authorizationCodeGrant(config, no.back, no.checks, undefined, { DPoP }).catch((error) => error.error)

say({
  parameters: [...agreed.url.searchParams.keys()].sort(),
  back: Object.fromEntries(agreed.back.searchParams), thrown, refused,
  tokens, refreshed, takenBack, over, may: { status: may.status, ...(await may.json()) }, still: still.status,
})
