// Keys and what they sign, with the browser's own cryptography: RFC 7523 assertions and RFC 9449 proofs. Nothing here sends anything.

const KINDS = {
  Ed25519: { made: { name: "Ed25519" }, signs: { name: "Ed25519" } },
  EdDSA: { made: { name: "Ed25519" }, signs: { name: "Ed25519" } },
  ES256: { made: { name: "ECDSA", namedCurve: "P-256" }, signs: { name: "ECDSA", hash: "SHA-256" } },
  PS256: { made: { name: "RSA-PSS", hash: "SHA-256" }, signs: { name: "RSA-PSS", saltLength: 32 } },
};

const text = new TextEncoder();

const base64url = (bytes) =>
  btoa(String.fromCharCode(...new Uint8Array(bytes))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

const algorithmOf = (jwk) => jwk.alg ?? (jwk.kty === "OKP" ? "Ed25519" : jwk.kty === "EC" ? "ES256" : "PS256");

async function signed(header, payload, key) {
  const parts = [header, payload].map((part) => base64url(text.encode(JSON.stringify(part)))).join(".");
  return `${parts}.${base64url(await crypto.subtle.sign(KINDS[header.alg].signs, key, text.encode(parts)))}`;
}

/** The client's own key: a private JWK, kept as a key that cannot be read out again. */
export async function clientKey(jwk) {
  const algorithm = algorithmOf(jwk);
  const kind = KINDS[algorithm];
  if (!kind || typeof jwk.d !== "string") throw new Error("needs a private JWK for Ed25519, ES256 or PS256");
  const { alg, use, key_ops, ...plain } = jwk;
  const key = await crypto.subtle.importKey("jwk", plain, kind.made, false, ["sign"]);
  return { kid: jwk.kid, algorithm, key };
}

/** The assertion by which the client says who it is: for one audience, once, for a minute. */
export function assertion(clientId, { kid, algorithm, key }, audience) {
  const now = Math.floor(Date.now() / 1000);
  const payload = { iss: clientId, sub: clientId, aud: audience, iat: now, exp: now + 55, jti: crypto.randomUUID() };
  return signed({ alg: algorithm, typ: "JWT", kid }, payload, key);
}

/** A new key that tokens are bound to; it cannot be read out. */
export async function proofKey() {
  const pair = await crypto.subtle.generateKey(KINDS.ES256.made, false, ["sign"]);
  const { kty, crv, x, y } = await crypto.subtle.exportKey("jwk", pair.publicKey);
  return { jwk: { kty, crv, x, y }, key: pair.privateKey };
}

/** The proof for one request: `url` without query and fragment. */
export async function proof({ jwk, key }, method, url, { token, nonce } = {}) {
  const payload = { htm: method, htu: url, iat: Math.floor(Date.now() / 1000), jti: crypto.randomUUID() };
  if (token) payload.ath = base64url(await crypto.subtle.digest("SHA-256", text.encode(token)));
  if (nonce) payload.nonce = nonce;
  return signed({ alg: "ES256", typ: "dpop+jwt", jwk }, payload, key);
}
