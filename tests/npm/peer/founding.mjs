// The keys of each node, and what is said of it to whoever signs the trust list (docs/wire.md, "Membership").

import { say, told } from '../told.mjs'
import { keyPair, p384Pair } from './jws.mjs'
import { vkeyOf } from './notes.mjs'

say(told.nodes.map(founded))

function founded({ entity_id: entityId, ...about }) {
  const keys = { statement: keyPair(), exchange: keyPair(), exchange_p384: p384Pair(), client: keyPair(), log: keyPair() }
  const origin = `${entityId.split('://')[1]}/log/${new Date().getUTCFullYear()}`
  const member = {
    entity_id: entityId,
    organisation: 'Birch Department of Education',
    state: 'XB',
    status: 'active',
    endpoints: { gateway: entityId },
    statement_keys: [keys.statement.public],
    logs: [{ origin, keys: [{ vkey: vkeyOf(origin, Buffer.from(keys.log.public.x, 'base64url')), status: 'active' }] }],
    witness_keys: [],
    ...about,
  }
  return { member, keys: Object.fromEntries(Object.entries(keys).map(([name, pair]) => [name, pair.private])) }
}
