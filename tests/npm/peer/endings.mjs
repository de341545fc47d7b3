// That an answer is not waited for any more (docs/wire-messages.md, `sp-ending+jws`).

import { newId, seconds } from './bytes.mjs'

/** That nothing is waited for any more in answer to a request. */
export function givenUp(peer, request) {
  const about = { exchange_id: request.id, request_digest: request.digest, envelope_id: null, outcome: 'given-up' }
  return peer.sign('sp-ending+jws', { iss: peer.entityId, aud: request.holder, ending_id: newId(), ...about, iat: seconds() })
}
