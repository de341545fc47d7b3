// fetch as clients of the node's have it over TLS: undici's, as the documentation of both libraries has it, with an authority of this test's
// and, where it is given one, a client's certificate.
import { Agent, fetch } from 'undici'

export function fetching(ca, { certificate: cert, key } = {}) {
  const dispatcher = new Agent({ connect: { ca, cert, key } })
  return (url, options) => fetch(url, { ...options, dispatcher })
}
