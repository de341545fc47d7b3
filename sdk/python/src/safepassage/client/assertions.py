"""What a client signs to get a token and to use it: assertions (RFC 7523) and proofs of possession (RFC 9449). Each counts once."""

import secrets
from datetime import datetime
from typing import Any, Final

from safepassage.canonical import canonical_json, digest_of, to_base64url
from safepassage.client.keys import ClientKey
from safepassage.compact import ALGORITHM

ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_SECONDS: Final = 60
"""The longest that a node takes."""


def client_assertion(key: ClientKey, *, client_id: str, issuer: str, now: datetime) -> str:
    """An assertion for one token request: `aud` is the issuer as one string, `jti` is new each time."""
    issued = int(now.timestamp())
    claims = {
        "iss": client_id,
        "sub": client_id,
        "aud": issuer,
        "jti": secrets.token_urlsafe(16),
        "iat": issued,
        "exp": issued + ASSERTION_SECONDS,
    }
    return key.sign_compact(typ="client-authentication+jwt", payload=claims)


def proof(key: ClientKey, *, method: str, url: str, now: datetime, token: str | None = None, nonce: str | None = None) -> str:
    """A proof for one request.

    url    as the node knows itself, without query and fragment
    token  the access token that goes with it; none at the token endpoint
    nonce  the last DPoP-Nonce of the node, if it gave one
    """
    claims: dict[str, Any] = {"jti": secrets.token_urlsafe(16), "htm": method, "htu": url, "iat": int(now.timestamp())}
    if token is not None:
        claims["ath"] = digest_of(token.encode("ascii"))
    if nonce is not None:
        claims["nonce"] = nonce
    jwk = {name: key.jwk[name] for name in ("kty", "crv", "x")}
    header = canonical_json({"typ": "dpop+jwt", "alg": ALGORITHM, "jwk": jwk})
    signed = f"{to_base64url(header)}.{to_base64url(canonical_json(claims))}"
    return f"{signed}.{to_base64url(key.sign(signed.encode('ascii')))}"
