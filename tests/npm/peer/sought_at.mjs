// A holder that is asked whether it may have a child: it compares with the requester, who does not name the child, and says perhaps.

import { randomBytes } from 'node:crypto'

import { say, told } from '../told.mjs'
import { digest, fromBase64url, newId, seconds, utf8 } from './bytes.mjs'
import { Holder } from './holder.mjs'
import { Peer } from './peer.mjs'
import { blinded, bucketOf, packed, pointOf, textOf, unpacked } from './points.mjs'
import { demand } from './problem.mjs'
import { answers } from './wrongs.mjs'

const peer = await Peer.of(told)
const holder = new Holder(peer)
say({ ready: true })

const secret = randomBytes(32)
const ours = blinded(secret, [pointOf(randomBytes(32)), pointOf(textOf(told.person))])
const lowOrder = [Buffer.alloc(32), ours[0]]

const request = await holder.next()
const { sought } = request.selector
const comparisonOf = (points, changed = {}) => {
  const about = { iss: peer.entityId, aud: request.from, exchange_id: request.id, request_digest: request.digest, iat: seconds() }
  return peer.sign('sp-comparison+jws', { ...about, points: packed(points), ...changed })
}
const post = (token) => peer.send(request.from, '/v1/peer/comparisons', token)
const refused = await answers(
  {
    'of another exchange': comparisonOf(ours, { exchange_id: newId() }),
    'of another request': comparisonOf(ours, { request_digest: digest('another') }),
    'of a while ago': comparisonOf(ours, { iat: seconds() - 301 }),
    'of half a point': comparisonOf([ours[0].subarray(1)]),
    'of no point': comparisonOf([]),
    'of a point that tells the secret': comparisonOf(lowOrder),
  },
  post,
)
const token = comparisonOf(ours)
const compared = await peer.read((await post(token)).body, 'sp-compared+jws', request.from)
demand(compared.exchange_id === request.id && compared.comparison_digest === digest(utf8(token)), 'other-exchange')
const wanted = blinded(secret, sought.tokens.map(fromBase64url))
const met = unpacked(compared.points).map((point) => wanted.some((one) => one.equals(point)))
const perhaps = { kind: 'perhaps', content: { statement: 'A child as the one that is sought may have a record here.' } }
const { first, second } = await holder.answered(request, perhaps)
const more = [await post(comparisonOf(ours)), await post(comparisonOf(ours))].map(({ status, code }) => [status, code])
say({ refused, met, bucket: sought.bucket === bucketOf(told.person.birth_date), sections: request.selector.sections, first, second, more })
