// The holder: answers the requests of another node. The first is answered by a record, after envelopes that are wrong on purpose; the
// second by one that does not open; the third is refused, under a code of its own. It says when it is ready, and what came of each.

import { say, told } from '../told.mjs'
import { packageFor } from './answers.mjs'
import { Holder } from './holder.mjs'
import { noticeOf, saidOf, takenNotice, verifyTaken } from './notices.mjs'
import { Peer } from './peer.mjs'
import { Refused } from './problem.mjs'
import { refusedEnvelopes } from './wrongs.mjs'

const peer = await Peer.of(told)
const heard = []
let answered = 0
const holder = new Holder(peer, (token, from) => (answered === 2 ? peer.refused(token, from, new Refused('not-on-tuesdays')) : undefined))

peer.routes['POST /v1/peer/notices'] = async ({ peer: from, body }) => {
  const { content, answer } = await takenNotice(peer, body.toString(), from, [request.id])
  heard.push({ kind: content.kind, on: content.effective_on })
  return answer
}

say({ ready: true })
const request = await holder.next()
const refused = await refusedEnvelopes(peer, request)
const right = await holder.answered(request)
answered = 1
const more = await holder.send(request, await packageFor(peer, request))
const about = { to: request.from, id: request.id }
const claims = await tell({ kind: 'concurrent-claims' })
const theirs = await tell(saidOf('enrolled', 'birch-elementary'))
say({ person: request.selector.person, refused, right, more: [more.status, more.code], notices: [claims, theirs] })
const other = await holder.next()
const rejected = await holder.answered(other, { context: { aud: 'https://cedar.example' } })
answered = 2
say({ ...rejected, tokens: peer.door.tokens, heard })

/** Tell something about the first exchange: how it is answered. */
async function tell(said) {
  const notice = await noticeOf(peer, about, said)
  const answer = await peer.send(request.from, '/v1/peer/notices', notice.token)
  if (answer.status === 200) await verifyTaken(peer, answer.body, notice)
  return answer.code ?? answer.status
}
