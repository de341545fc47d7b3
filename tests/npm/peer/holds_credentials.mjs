// The holder of educators' credentials, which it has not: of what it sends as such nothing holds, and it provides none.

import { say, told } from '../told.mjs'
import { packageFor } from './answers.mjs'
import { Holder } from './holder.mjs'
import { Peer } from './peer.mjs'

const peer = await Peer.of(told)
const holder = new Holder(peer)
say({ ready: true })

const request = await holder.next()
const record = await holder.send(request, await packageFor(peer, request))
const words = await holder.answered(request, { kind: 'credentials', content: { credentials: ['no credential'] } })
const other = await holder.next()
const foreign = { '@context': ['https://www.w3.org/ns/credentials/v2'], type: ['VerifiableCredential'], issuer: 'did:web:cedar.example' }
const document = await holder.answered(other, { kind: 'credentials', content: { credentials: [JSON.stringify(foreign)] } })
const third = await holder.next()
const none = await packageFor(peer, third, { kind: 'not-provided', content: { statement: 'Nothing is provided.' } })
const nothing = await holder.send(third, none)
say({ selector: request.selector, record: [record.status, record.code], words, document, nothing: nothing.status, tokens: peer.door.tokens })
