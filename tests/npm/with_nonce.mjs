// A server may ask oauth4webapi for a nonce at any time: then the same is asked once more, with a new proof.
import * as oauth from 'oauth4webapi'

export async function withNonce(ask, wanted = () => {}) {
  try {
    return await ask()
  } catch (error) {
    if (!oauth.isDPoPNonceError(error)) throw error
    wanted()
    return ask()
  }
}
