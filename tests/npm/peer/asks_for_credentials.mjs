// The requester of an educator's credentials, on the educator's application (docs/wire-messages.md, "An educator").

import { say, told } from '../told.mjs'
import { takesAnswers } from './arrivals.mjs'
import { digest, newId, seconds } from './bytes.mjs'
import { Peer } from './peer.mjs'
import { evidenceOf, newRequest, opened, verifyAccepted } from './requests.mjs'
import { newKey } from './sealing.mjs'
import { answers } from './wrongs.mjs'

const peer = await Peer.of(told)
const { holder, organisation, educator } = told
const answerKey = await newKey(peer.suite)
const { official } = evidenceOf(organisation)
const evidence = {
  v: 1,
  receiving_organisation: { id: organisation, kind: 'lea', name: 'The receiving district' },
  applied_on: official.attested_at.slice(0, 10),
  document: { type: 'licence-application', digest: digest('application') },
  official,
}
const about = { purpose: 'licensure', basis: 'educator-application', consent_id: told.application, educator, sections: ['educator'], evidence }
const waiting = takesAnswers(peer)

const requestOf = (changed) => newRequest(peer, holder, { organisation, answerKey }, { selector: { ...about, ...changed } })

async function asked(changed = {}) {
  const request = await requestOf(changed)
  const arrival = new Promise((came) => waiting.set(request.id, { request, came }))
  await verifyAccepted(peer, (await peer.send(holder, '/v1/peer/requests', request.token)).body, request)
  const { envelope, receipt } = await arrival
  const applied = peer.sign('sp-receipt+jws', { ...receipt, outcome: 'applied', iat: seconds() })
  const filed = await peer.send(holder, '/v1/peer/receipts', applied)
  return { content: await opened(envelope, request), filed: filed.status, notice: receipt.redisclosure_notice_digest }
}

const WRONG = {
  'on no application': { consent_id: undefined },
  'as if for a child': { purpose: 'enrollment', basis: 'transfer', consent_id: undefined },
  'on evidence of an enrolment': { evidence: evidenceOf(organisation) },
  'with sections of a child': { sections: ['identity'] },
  'of a child too': { person: told.person },
  'without who it is': { educator: undefined },
  'for a school': { evidence: { ...evidence, receiving_organisation: { ...evidence.receiving_organisation, kind: 'school' } } },
  'of tomorrow': { evidence: { ...evidence, applied_on: '2999-01-01' } },
  'with documents': { attachments: true },
}
const tokens = {}
for (const [name, changed] of Object.entries(WRONG)) tokens[name] = (await requestOf(changed)).token
const refused = await answers(tokens, (token) => peer.send(holder, '/v1/peer/requests', token))
const another = { ...educator, birth_date: '1970-01-01' }
say({ refused, found: await asked(), others: [await asked({ consent_id: newId() }), await asked({ educator: another })] })
peer.door.close()
