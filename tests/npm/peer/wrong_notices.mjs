// Notices of a requester that are wrong in one way each, and how a node answers them.

import { ABSENT, digest, newId, seconds } from './bytes.mjs'
import { noticeOf, saidOf } from './notices.mjs'
import { answers } from './wrongs.mjs'

export async function refusedNotices(peer, about, organisation) {
  const said = saidOf('enrolled', organisation)
  const used = await noticeOf(peer, about, saidOf('onward-refused'))
  const onward = {
    node: 'https://cedar.example',
    recipient_organisation: 'cedar-high',
    disclosed_at: seconds(),
    purpose: 'enrollment',
    basis: 'transfer',
    categories: ['identity'],
  }
  const changes = {
    'that is over': [said, { claims: { iat: seconds() - 60, exp: seconds() - 1 } }],
    'of another exchange': [said, { ids: { exchange_id: newId() } }],
    'whose entry is of something else': [said, { logged: 'received' }],
    'whose entry has another content': [said, { digests: { pt_commit: ABSENT } }],
    'whose ciphertext is another': [said, { claims: { ciphertext: used.claims.ciphertext } }],
    'sealed to a key that nobody has': [said, { claims: { enc_kid: digest('nobody') } }],
    'of no suite': [said, { claims: { suite: 'rot13' } }],
    'sealed in another place': [said, { context: { aud: 'https://cedar.example' } }],
    'that says another exchange inside': [said, { content: { exchange_id: newId() } }],
    'in another form': [said, { write: JSON.stringify }],
    'with a null inside': [said, { content: { onward: null } }],
    'of no kind': [{ ...said, kind: 'graduated' }, {}],
    'without a day': [{ kind: 'enrolled', official: said.official }, {}],
    'of the first day that there is': [{ ...said, effective_on: '0001-01-01' }, {}],
    'of a day that does not come': [{ ...said, effective_on: '9999-12-31' }, {}],
    'that is the holder\'s to say': [{ kind: 'concurrent-enrollment' }, {}],
    'of elements that were not sent': [{ kind: 'read-in-part', unread_elements: ['health.alerts'] }, {}],
    'that it went on to no node': [{ kind: 'onward', onward: { ...onward, node: 'cedar' } }, {}],
    'without where it went on to': [{ kind: 'onward' }, {}],
  }
  const tokens = {}
  for (const [name, [content, changed]] of Object.entries(changes)) tokens[`a notice ${name}`] = (await noticeOf(peer, about, content, changed)).token
  return answers(tokens, (token) => peer.send(about.to, '/v1/peer/notices', token))
}
