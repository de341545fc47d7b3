// A member that brings trust lists to another one, has those that it missed from it, and is brought them (docs/wire.md, "Membership").

import { say, told } from '../told.mjs'
import { Peer } from './peer.mjs'
import { nextList } from './trust.mjs'

const JOSE_JSON = 'application/jose+json'
const peer = await Peer.of(told)
const url = `${told.holder}/v1/trust-lists`

/** How the other node answers, whom anybody may bring a list. */
async function brought(document, type = JOSE_JSON) {
  const answer = await fetch(url, { method: 'POST', body: document, headers: { 'content-type': type } })
  return answer.status === 204 ? '204' : `${answer.status} ${(await answer.json()).code}`
}

const { lists, order } = told
const held = { document: told.list, list: peer.list }
const heard = []
let done
const newest = new Promise((resolve) => (done = resolve))
peer.routes['POST /v1/trust-lists'] = ({ body }) => {
  heard.push(JSON.parse(Buffer.from(JSON.parse(body).payload, 'base64url')).serial)
  held.list = nextList(body.toString(), held)
  held.document = body.toString()
  if (held.list.serial === 3) done()
  return { status: 204 }
}

const answers = []
for (const name of order) answers.push([name, await brought(lists[name])])
answers.push(['as text', await brought(lists.third, 'application/json')])
answers.push(['too large', await brought('x'.repeat(1024 * 1024 + 1))])

const missed = await peer.calls.send(peer.member(told.holder), 'GET', '/v1/peer/trust-lists?after=1')
const [first, second] = documentsIn(missed.body)
const after = nextList(second, { document: first, list: nextList(first, held) }).serial
const none = await peer.calls.send(peer.member(told.holder), 'GET', '/v1/peer/trust-lists?after=3')
say({ answers, after, none: none.status })
await newest
say(heard)

function documentsIn(batch) {
  const documents = []
  for (let at = 0; at < batch.length; at += 4 + batch.readUInt32BE(at)) documents.push(batch.subarray(at + 4, at + 4 + batch.readUInt32BE(at)).toString())
  return documents
}
