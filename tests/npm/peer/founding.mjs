// The keys of a node, and what is said of it to whoever signs the trust list.

import { say, told } from '../told.mjs'
import { keyPair } from './jws.mjs'
import { vkeyOf } from './notes.mjs'

const keys = { statement: keyPair(), exchange: keyPair(), client: keyPair(), log: keyPair() }
const origin = `${told.entity_id.split('://')[1]}/log/${new Date().getUTCFullYear()}`
const member = {
  entity_id: told.entity_id,
  organisation: 'Birch Department of Education',
  state: 'XB',
  status: 'active',
  endpoints: { gateway: told.entity_id },
  statement_keys: [keys.statement.public],
  logs: [{ origin, keys: [{ vkey: vkeyOf(origin, Buffer.from(keys.log.public.x, 'base64url')), status: 'active' }] }],
  witness_keys: [],
}
say({ member, keys: Object.fromEntries(Object.entries(keys).map(([name, pair]) => [name, pair.private])) })
