// A node that compares a finished day with another one: it asks, is asked, and says once that it sent what the other one has not
// (docs/wire-messages.md, `sp-reconciliation+jws`).

import { say, told } from '../told.mjs'
import { base64url, digest, jcs, newId, seconds, utf8 } from './bytes.mjs'
import { JOSE, Peer } from './peer.mjs'
import { demand } from './problem.mjs'
import { newRequest, verifyAccepted } from './requests.mjs'
import { newKey } from './sealing.mjs'
import { answers } from './wrongs.mjs'

const STREAMS = ['requests-sent', 'requests-received', 'answers-sent', 'answers-received']
const DAY = 86_400_000
const peer = await Peer.of(told)
const { holder, person, sections, organisation } = told
const dayOf = (ago) => new Date(Date.now() - ago * DAY).toISOString().slice(0, 10)
const yesterday = dayOf(1)

const count = (ids, steps = {}) => ({ waiting: 0, arrived: 0, applied: 0, refused: 0, dead: 0, ...steps, ids: digest(utf8(ids.sort().join('\n'))) })

/** Our counts of a day, of which `sent` are requests that arrived. */
function countsOf(sent, { day = yesterday, logged = 'request', of = day, claims = {} } = {}) {
  const counts = Object.fromEntries(STREAMS.map((name) => [name, name === 'requests-sent' ? count(sent, { arrived: sent.length }) : count([])]))
  const proof = peer.log.append(logged, { ct: digest(jcs({ day: of, counts })) })
  const named = Object.fromEntries(STREAMS.map((name) => [name.replace('-', '_'), counts[name]]))
  const seen = [...peer.seen.pinned.values()][0]
  const about = seen ? { seen_origin: seen.origin, seen_size: seen.size, seen_root: base64url(seen.root) } : {}
  return peer.sign('sp-reconciliation+jws', { iss: peer.entityId, aud: holder, day, iat: seconds(), ...named, ...about, ...proof, ...claims })
}

/** The counts in a token of the other node. */
async function verified(token) {
  const claims = await peer.read(token, 'sp-reconciliation+jws', holder)
  demand(claims.day === yesterday, 'counts-of-another-day')
  const leaf = await peer.proven(claims, holder)
  const counts = Object.fromEntries(STREAMS.map((name) => [name, claims[name.replace('-', '_')]]))
  demand(leaf.class === 'request' && leaf.digests.ct === digest(jcs({ day: yesterday, counts })), 'wrong-leaf')
  return claims
}

const ofYesterday = newId(Date.now() - DAY)
const request = await newRequest(peer, holder, { person, sections, organisation, answerKey: await newKey(peer.suite) }, { claims: { jti: ofYesterday } })
await verifyAccepted(peer, (await peer.send(holder, '/v1/peer/requests', request.token)).body, request)

const lost = newId(Date.now() - DAY)
let asked
const heard = new Promise((resolve) => (asked = resolve))
peer.routes['POST /v1/peer/reconciliations'] = async ({ body }) => {
  await verified(body.toString())
  return { status: 200, body: countsOf([ofYesterday, lost]), type: JOSE }
}
peer.routes['GET /v1/peer/reconciliations/:day/:stream'] = ({ segments, query }) => {
  const lines = [ofYesterday, lost].sort().map((id) => ({ id, step: 'arrived' }))
  asked([...segments, query.get('after')])
  return { status: 200, body: JSON.stringify({ v: 1, lines }) }
}

const post = (token) => peer.send(holder, '/v1/peer/reconciliations', token)
const wrong = {
  'of today': countsOf([], { day: dayOf(0) }),
  'of nine days ago': countsOf([], { day: dayOf(9) }),
  'of no day': countsOf([], { day: '2026-13-01' }),
  'logged as another day': countsOf([], { of: dayOf(2) }),
  'logged as something else': countsOf([], { logged: 'received' }),
  'with less than nothing': countsOf([], { claims: { answers_sent: count([], { dead: -1 }) } }),
  'of a step that there is not': countsOf([], { claims: { answers_sent: count([], { lost: 1 }) } }),
}
const refused = await answers(wrong, post)
const token = countsOf([ofYesterday])
const [first, again] = [await post(token), await post(token)]
const theirs = await verified(first.body)
await verified(again.body)
const lines = async (path) => {
  const { status, body } = await peer.calls.send(peer.member(holder), 'GET', `/v1/peer/reconciliations/${path}`)
  return status === 200 ? JSON.parse(body) : [status, JSON.parse(body).code]
}
say({
  refused,
  agreed: theirs.requests_received.ids === count([ofYesterday]).ids,
  seen: theirs.seen_origin === peer.log.origin && theirs.seen_size <= peer.log.hashes.length,
  lines: (await lines(`${yesterday}/requests-received`)).lines.map(({ id, step }) => [id === ofYesterday, step]),
  behind: await lines(`${yesterday}/requests-received?after=${ofYesterday}`),
  others: [await lines(`${dayOf(0)}/requests-received`), await lines(`${yesterday}/receipts`)],
})
say({ asked: await heard, yesterday, lost })
