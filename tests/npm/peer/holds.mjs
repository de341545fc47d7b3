// The holder: answers the requests of another node. The first is answered by a record, after envelopes that are wrong on purpose; the
// second by one that does not open; the third is refused, under a code of its own. It says when it is ready, and what came of each.

import { say, told } from '../told.mjs'
import { packageFor } from './answers.mjs'
import { Holder } from './holder.mjs'
import { Peer } from './peer.mjs'
import { Refused } from './problem.mjs'
import { refusedEnvelopes } from './wrongs.mjs'

const peer = await Peer.of(told)
let answered = 0
const holder = new Holder(peer, (token, from) => (answered === 2 ? peer.refused(token, from, new Refused('not-on-tuesdays')) : undefined))

say({ ready: true })
const request = await holder.next()
const refused = await refusedEnvelopes(peer, request)
const right = await holder.answered(request)
answered = 1
const more = await holder.send(request, await packageFor(peer, request))
say({ person: request.selector.person, refused, right, more: [more.status, more.code] })
const other = await holder.next()
const rejected = await holder.answered(other, { context: { aud: 'https://cedar.example' } })
answered = 2
say({ ...rejected, tokens: peer.door.tokens })
