// The holder of records with documents: chunks that come in disorder, too early, or are others; and packages whose documents are not what
// is said of them. Each request is answered in one of these ways.

import { say, told } from '../told.mjs'
import { packageFor } from './answers.mjs'
import { CHUNK, chunkMessage } from './chunks.mjs'
import { Holder } from './holder.mjs'
import { JOSE, Peer } from './peer.mjs'

const peer = await Peer.of(told)
const holder = new Holder(peer)
const card = documentOf('<< /Title (an immunisation card) >>')
const scan = documentOf(`<< /Title (a scanned form) >> %${'x'.repeat(1024 * 1024)}`)
const REJECTED = {
  'whose digest is another': [{ document: { digest: 'A'.repeat(43) } }, card],
  'whose place is another': [{ document: { first: 1 } }, card],
  'bound to another envelope': [{ header: { envelope_id: '0191ab00-0000-7000-8000-000000000002' } }, card],
  'longer than its chunks': [{ document: { size: 20_000 } }, card],
  'of an element that is not in the record': [{ document: { element: 'special_education.iep' } }, card],
  'of an element that takes none': [{ document: { element: 'identity.name' } }, card],
  'that is no PDF': [{}, { ...card, content: Buffer.from('words') }],
  'that runs a script': [{}, documentOf('<< /JavaScript (no) >>')],
}

say({ ready: true })
const wrong = {}
const request = await holder.next()
const other = await announcedWith({ claims: { body: { chunks: 1, root: 'A'.repeat(43), sealed: 'A'.repeat(43) } } })
wrong['of another body'] = said(await announce(other))
const refused = await packageFor(peer, request, {}, [card, scan])
wrong['a chunk too early'] = said(await put(refused, 0))
wrong['an envelope too early'] = said(await holder.send(request, refused))
const wanted = JSON.parse((await announce(refused)).body).missing
const stored = said(await put(refused, 1))
const left = JSON.parse((await announce(refused)).body).missing
wrong['an envelope without all chunks'] = said(await holder.send(request, refused))
wrong['a chunk in the place of another'] = said(await put(refused, 2, 1))
wrong['a chunk of a body that was refused'] = said(await put(refused, 0))

const right = await packageFor(peer, request, {}, [card, scan])
const statuses = [await announce(right), await put(right, 2), await put(right, 0), await put(right, 0), await put(right, 1)]
const done = await holder.delivered(request, right)
const rest = JSON.parse((await announce(right)).body).missing
say({ wrong, wanted, left, stored, statuses: statuses.map(({ status }) => status), done, rest, asked: request.selector.attachments })

const rejected = {}
for (const [name, [changed, document]] of Object.entries(REJECTED)) rejected[name] = await outcomeOf(await holder.next(), changed, document)
const plain = await holder.next()
const unwanted = await packageFor(peer, plain, {}, [card])
say({ rejected, unwanted: said(await announce(unwanted)) })

async function announcedWith(changed) {
  return packageFor(peer, request, changed, [card])
}

/** Hand a package with one document over: what the second receipt says. */
async function outcomeOf(request, changed, document) {
  const envelope = await packageFor(peer, request, changed, [document])
  await announce(envelope)
  for (const number of envelope.chunks.keys()) await put(envelope, number)
  return (await holder.delivered(request, envelope)).second.reason
}

function announce({ token }) {
  return peer.send(told.holder, '/v1/peer/bodies', token)
}

/** Send a chunk, or `another` in its place. */
async function put({ claims, token, chunks }, number, another = number) {
  const path = `/v1/peer/bodies/${claims.envelope_id}/chunks/${number}`
  return peer.send(told.holder, path, chunkMessage(chunks, another), CHUNK, token, 'PUT')
}

function said({ status, code, unsigned }) {
  return [status, code, ...(unsigned ? ['unsigned'] : [])].filter(Boolean).join(' ')
}

/** A PDF with one object of its own. */
function documentOf(object) {
  const bodies = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] >>',
    object,
  ]
  let text = '%PDF-1.7\n'
  const offsets = bodies.map((body, at) => {
    const offset = text.length
    text += `${at + 1} 0 obj\n${body}\nendobj\n`
    return offset
  })
  const table = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('')
  const start = text.length
  text += `xref\n0 ${bodies.length + 1}\n0000000000 65535 f \n${table}trailer\n<< /Size ${bodies.length + 1} /Root 1 0 R >>\nstartxref\n${start}\n%%EOF\n`
  return { element: 'health.immunizations', media_type: 'application/pdf', content: Buffer.from(text) }
}
