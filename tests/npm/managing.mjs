// RFC 7592: a client reads, changes and ends its own registration. Neither library has a call of its own for that; what it takes, a request
// with a Bearer token, both have. What is read is sent back, as section 2.2 wants it: with all members but the four that an update must not have.
const NOT_SENT = ['registration_access_token', 'registration_client_uri', 'client_id_issued_at', 'client_secret_expires_at']

// `call` makes a request of the library's: token, method, URL, body. `meanwhile` is done once it has changed, and once more when it has ended.
export async function managed(call, { registration_access_token, registration_client_uri }, changes, meanwhile) {
  const url = new URL(registration_client_uri)
  const ask = (token, method, members) => call(token, method, url, new Headers({ 'content-type': 'application/json' }), members && JSON.stringify(members))
  const refusal = (error) => [error.status, error.cause[0].parameters.error]

  const read = await (await ask(registration_access_token, 'GET')).json()
  const members = Object.fromEntries(Object.entries(read).filter(([name]) => !NOT_SENT.includes(name)))
  const changed = await (await ask(registration_access_token, 'PUT', { ...members, ...changes })).json()
  const former = await ask(registration_access_token, 'GET').catch(refusal)
  const then = await meanwhile()
  const ended = (await ask(changed.registration_access_token, 'DELETE')).status
  const gone = await ask(changed.registration_access_token, 'GET').catch(refusal)
  return { read, changed, former, then, ended, gone, after: await meanwhile() }
}
