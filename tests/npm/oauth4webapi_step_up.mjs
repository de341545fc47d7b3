// oauth4webapi is told at the resource that its person signed in too long ago and too weakly (RFC 9470), asks them anew with what is wanted,
// and gets through.
import { Browser } from './browser.mjs'
import { agreed, call } from './oauth4webapi_asking.mjs'
import { say, told } from './told.mjs'

const browser = new Browser(told.application.issuer)
await browser.signIn()
const own = { authorization_details: JSON.stringify(told.details) }
const json = new Headers({ 'content-type': 'application/json' })
const asked = (token) => call(token, 'POST', told.path, json, JSON.stringify(told.body))

const first = (await agreed(browser, own)).tokens
const { status, cause } = await asked(first.access_token).catch((error) => error)
const [{ scheme, parameters: { error, max_age, acr_values } }] = cause
const before = browser.confirmed
const second = (await agreed(browser, { ...own, max_age, acr_values })).tokens
const through = await asked(second.access_token)
const still = await asked(first.access_token).catch((refused) => refused.status)

say({ refused: { status, scheme, error, max_age, acr_values }, confirmed: [before, browser.confirmed], through: through.status, still, first, second })
