// oauth4webapi acts for a person who agreed: a call, the refresh token once and once more; another time it gives the refresh token back itself.
import * as oauth from 'oauth4webapi'
import { Browser } from './browser.mjs'
import { agreed, application, as, authentication, call, insecure, options } from './oauth4webapi_asking.mjs'
import { say, told } from './told.mjs'
import { withNonce } from './with_nonce.mjs'

const browser = new Browser(told.application.issuer)
await browser.comeIn(told.link)
const { pushed, tokens } = await agreed(browser)
const may = await call(tokens.access_token, 'GET', '/oauth/token_info')

const refresh = (held) => withNonce(async () => {
  const answer = await oauth.refreshTokenGrantRequest(as, application, authentication, held, options)
  return oauth.processRefreshTokenResponse(as, application, answer)
})
const second = await refresh(tokens.refresh_token)
const third = await refresh(second.refresh_token)
const reused = await refresh(tokens.refresh_token).catch((error) => error.error)
const ended = await refresh(third.refresh_token).catch((error) => error.error)

const again = (await agreed(browser)).tokens
await oauth.processRevocationResponse(await oauth.revocationRequest(as, application, authentication, again.refresh_token, insecure))
const takenBack = await refresh(again.refresh_token).catch((error) => error.error)
const over = await call(again.access_token, 'GET', '/oauth/token_info').catch((error) => error.status)

say({ pushed, may: may.status, tokens, second, third, reused, ended, takenBack, over })
