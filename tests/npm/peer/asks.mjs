// The requester: asks a node for a child and for one who is not there, verifies and opens what comes, and acknowledges it twice.

import { say, told } from '../told.mjs'
import { takesAnswers } from './arrivals.mjs'
import { seconds } from './bytes.mjs'
import { givenUp } from './endings.mjs'
import { noticeOf, saidOf, verifyTaken } from './notices.mjs'
import { Peer } from './peer.mjs'
import { newRequests, opened, verifyAccepted } from './requests.mjs'
import { newKey } from './sealing.mjs'
import { refusedReceipts, refusedRequests } from './wrongs.mjs'
import { refusedNotices } from './wrong_notices.mjs'

const peer = await Peer.of(told)
const send = (what, token) => peer.send(told.holder, `/v1/peer/${what}`, token)
const about = { person: told.person, sections: told.sections, organisation: told.organisation, answerKey: await newKey(peer.suite) }
const waiting = takesAnswers(peer)

/** Ask for several together, under one signature: what is answered to each, which the same bytes alone are answered too. */
async function asked(people) {
  const requests = await newRequests(peer, told.holder, people.map((person) => ({ ...about, person })))
  const arrivals = requests.map((request) => new Promise((came) => waiting.set(request.id, { request, came })))
  const answers = await peer.sendTogether(told.holder, '/v1/peer/request-batches', requests.map(({ token }) => token))
  return Promise.all(requests.map((request, at) => answered(request, answers[at], arrivals[at])))
}

async function answered(request, { status, body }, arrival) {
  await verifyAccepted(peer, body, request)
  const again = await send('requests', request.token)
  const { envelope, receipt } = await arrival
  return { request, envelope, receipt, content: await opened(envelope, request), accepted: [status, again.body === body] }
}

/** Acknowledge that it was filed: the statuses of the first time and of the same bytes again. */
async function filed({ receipt }) {
  const token = peer.sign('sp-receipt+jws', { ...receipt, outcome: 'applied', iat: seconds() })
  return [await send('receipts', token), await send('receipts', token)].map(({ status }) => status)
}

/** Tell that the child came, twice by the same bytes, and that it left again. */
async function toldOfArrival({ request: { id } }) {
  const about = { to: told.holder, id }
  const statuses = []
  for (const kind of ['enrolled', 'withdrawn']) {
    const notice = await noticeOf(peer, about, saidOf(kind, told.organisation))
    const [taken, again] = [await send('notices', notice.token), await send('notices', notice.token)]
    await verifyTaken(peer, taken.body, notice)
    statuses.push([taken.status, again.body === taken.body])
  }
  return statuses
}

const [found, nobody] = await asked([told.person, told.nobody])
const requests = await refusedRequests(peer, told.holder, about, found.request)
const receipts = await refusedReceipts(peer, told.holder, found)
const notices = await refusedNotices(peer, { to: told.holder, id: found.request.id }, told.organisation)
say({
  exchange_id: found.request.id,
  accepted: [found.accepted, nobody.accepted],
  content: found.content,
  refused: { ...requests, ...receipts, ...notices },
  filed: [await filed(found), await filed(nobody)],
  notices: await toldOfArrival(found),
  nobody: nobody.content.kind,
  ended: (await send('endings', givenUp(peer, nobody.request))).status,
})
peer.door.close()
