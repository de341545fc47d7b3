// The trust list and the statements of its members (docs/wire.md, "Membership").

import { verify } from 'node:crypto'

import { digest, fromBase64url, seconds, utf8 } from './bytes.mjs'
import { publicKeyOf, signed, verified } from './jws.mjs'
import { parseVkey } from './notes.mjs'
import { demand } from './problem.mjs'

/** The list in a document, pinned by its digest, once enough of its roots have signed it. */
export function pinnedList(document, pinned, now = seconds()) {
  demand(digestOf(document) === pinned, 'trust-list-digest-differs')
  return listSignedBy(document, [], now)
}

/** The list that comes after the one held, {document, list}: enough of the roots of both have signed it. */
export function nextList(document, held, now = seconds()) {
  const list = listSignedBy(document, [held.list], now)
  const follows = list.serial === held.list.serial + 1 && list.previous_digest === digestOf(held.document)
  demand(follows && list.network === held.list.network, 'trust-list-rolled-back')
  return list
}

const digestOf = (document) => digest(fromBase64url(JSON.parse(document).payload))

function listSignedBy(document, before, now) {
  const { payload, signatures } = JSON.parse(document)
  const list = JSON.parse(fromBase64url(payload))
  for (const { roots, threshold } of [list, ...before]) {
    const signers = new Set(signatures.map((one) => rootThatSigned(one, payload, roots)).filter(Boolean))
    demand(signers.size >= threshold, 'trust-list-not-signed')
  }
  demand(now < list.expires_at && list.issued_at <= now + 300, 'trust-list-expired', 503)
  return list
}

function rootThatSigned({ protected: header, signature }, payload, roots) {
  const { alg, typ, kid } = JSON.parse(fromBase64url(header))
  demand(alg === 'Ed25519' && typ === 'sp-trust+jws', 'trust-list-malformed')
  const root = roots.find((one) => one.kid === kid)
  if (!root) return null // a stranger, who counts for nothing
  demand(verify(null, utf8(`${header}.${payload}`), publicKeyOf(root), fromBase64url(signature)), 'trust-list-not-signed')
  return kid
}

export function memberOf(list, entityId) {
  const member = list.members.find((one) => one.entity_id === entityId && one.status === 'active')
  demand(member, 'not-a-member', 403)
  return member
}

/** The keys of a member's log that may sign its checkpoints, by origin. */
export function activeKeys(member, origin) {
  const log = member.logs.find((one) => one.origin === origin)
  demand(log, 'foreign-log')
  return log.keys.filter((one) => one.status === 'active' && parseVkey(one.vkey).type === 1).map((one) => one.vkey)
}

/** The operational keys of a member, as its signed statement has them. */
export async function statementOf(member) {
  const answer = await fetch(`${member.endpoints.gateway}/.well-known/safe-passage`, { redirect: 'error' })
  const statement = verified((await answer.text()).trim(), 'sp-node+jws', member.statement_keys)
  demand(statement.iss === member.entity_id, 'wrong-issuer', 401)
  requireLifetime(statement)
  return statement
}

/** To which key a node that lists `suites` seals what is for the other one: of the first of the other's suites that it has. */
export function keyToSealTo(statement, suites) {
  const suite = statement.suites.find((one) => suites.includes(one))
  demand(suite, 'suite-not-supported')
  const inForce = statement.encryption.filter((key) => key.suite === suite && key.not_before <= seconds() && seconds() < key.not_after)
  return inForce.reduce((one, other) => (other.epoch > one.epoch ? other : one))
}

/** A statement of one's own. `encryption` is a key of sealing.mjs, `takes` media types that it takes besides. */
export function ownStatement(entityId, { statement, exchange, client }, encryption, takes) {
  const { suite, kid, said } = encryption
  const [iat, exp] = [seconds(), seconds() + 14 * 86_400]
  const claims = {
    v: 1,
    iss: entityId,
    serial: 1,
    iat,
    exp,
    exchange_signing: [exchange.public],
    client_authentication: [client.public],
    suites: [suite],
    encryption: [{ kid, epoch: 1, ...said, not_before: iat, not_after: exp }],
    organisation_id: null,
    also: { versions: { 'sp-request+jws': [1, 2] }, takes }, // which nobody has to know
  }
  return signed('sp-node+jws', claims, statement)
}

export function requireLifetime({ iat, exp }, longest = 14 * 86_400) {
  demand(exp === undefined || seconds() < exp, 'message-expired')
  demand(iat <= seconds() + 300 && (exp === undefined || exp - iat <= longest), 'message-not-yet-valid')
}
