"""How this node proves who it is at another node's door: private_key_jwt (RFC 7523) for a token, DPoP (RFC 9449) for each call.

The token opens the door; the signed message is the authority.
"""

import re
import secrets
from datetime import datetime
from typing import Any

from safepassage.canonical import canonical_json, digest_of, to_base64url
from safepassage.compact import ALGORITHM, assemble
from shared.keys import SigningKey

SCOPE = "exchange:peer"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_SECONDS = 60
TOKEN_PATH = "/oauth/token"  # noqa: S105 a path


_WORD = re.compile(rb'"error" ?: ?"([a-z_]{1,64})"')


def word_of(refusal: bytes) -> str | None:
    """OAuth's word for why there is no token (`invalid_dpop_proof`: mostly a clock), for a log; None where the answer has none."""
    found = _WORD.search(refusal[:4096])
    return None if found is None else found[1].decode("ascii")


class PeerCredentials:
    """The node's client key, listed in its statement, and the key to which its access tokens are bound."""

    def __init__(self, entity_id: str, *, client_key: SigningKey, dpop_key: SigningKey) -> None:
        self._entity_id, self._client_key, self._dpop_key = entity_id, client_key, dpop_key

    def token_request(self, issuer: str, *, now: datetime) -> dict[str, str]:
        """The form for the token endpoint of the node `issuer`."""
        seconds = int(now.timestamp())
        claims = {
            "iss": self._entity_id,
            "sub": self._entity_id,
            "aud": issuer,
            "jti": secrets.token_urlsafe(16),
            "iat": seconds,
            "exp": seconds + ASSERTION_SECONDS,
        }
        return {
            "grant_type": "client_credentials",
            "client_id": self._entity_id,
            "scope": SCOPE,
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": self._client_key.sign_compact(typ="JWT", payload=claims),
        }

    def proof(self, method: str, url: str, *, now: datetime, nonce: str | None = None, token: str | None = None) -> str:
        """The DPoP proof of one request. `url` has no query; `token` is the access token that the request shows."""
        claims: dict[str, Any] = {"jti": secrets.token_urlsafe(16), "htm": method, "htu": url, "iat": int(now.timestamp())}
        if nonce is not None:
            claims["nonce"] = nonce
        if token is not None:
            claims["ath"] = digest_of(token.encode("ascii"))
        jwk = {name: self._dpop_key.jwk[name] for name in ("kty", "crv", "x")}
        header = canonical_json({"alg": ALGORITHM, "jwk": jwk, "typ": "dpop+jwt"})
        signed = f"{to_base64url(header)}.{to_base64url(canonical_json(claims))}".encode("ascii")
        return assemble(signed, self._dpop_key.sign(signed))
