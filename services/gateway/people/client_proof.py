"""How the node proves to the agency's provider who it is: an assertion of its own key, or a shared secret where the provider can no better.

RFC 7523 and FAPI 2.0: the audience is the provider's issuer, one string; a minute, one use. OpenID Connect Core 1.0 section 9.
"""

import json
import secrets
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote_plus

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

from safepassage.canonical import canonical_json, to_base64url
from services.gateway.oauth.client_authentication import ASSERTION_TYPE
from services.gateway.people.settings import PeopleSettings
from shared.keys import KeyFileUnusable, read_secret

SECONDS: Final = 60
ALGORITHMS: Final[dict[str, tuple[Any, tuple[str, ...]]]] = {
    "OKP": (OKPKey, ("EdDSA", "Ed25519")),
    "EC": (ECKey, ("ES256",)),
    "RSA": (RSAKey, ("PS256", "RS256")),
}

_REGISTRY: Final = JWSRegistry(algorithms=["Ed25519", "ES256", "PS256", "RS256"])


@dataclass(frozen=True)
class Proved:
    """What a token request has beside its own parameters."""

    parameters: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


class ClientProof:
    """One of the two. `repr` tells neither."""

    def __init__(self, key: Any, algorithm: str, kid: str | None, shared: str | None) -> None:
        self._key, self._algorithm, self._kid, self._shared = key, algorithm, kid, shared

    @classmethod
    def of_settings(cls, settings: PeopleSettings) -> "ClientProof":
        """Read the file that the settings name. Raises KeyFileUnusable."""
        if settings.people_client_key_file is not None:
            return cls(*_read_key(settings.people_client_key_file), None)
        if settings.people_client_credential_file is None:
            raise KeyFileUnusable("there is nothing by which the provider could know this node")
        shared = read_secret(settings.people_client_credential_file).decode("ascii", "strict").strip()
        if len(shared) < 16:
            raise KeyFileUnusable("the shared secret has fewer than 16 characters")
        return cls(None, "", None, shared)

    def of(self, *, issuer: str, client_id: str, now: datetime) -> Proved:
        """For one request."""
        if self._shared is not None:
            pair = f"{quote_plus(client_id)}:{quote_plus(self._shared)}"
            return Proved(headers={"authorization": f"Basic {b64encode(pair.encode()).decode()}"})
        seconds = int(now.timestamp())
        claims = {
            "iss": client_id,
            "sub": client_id,
            "aud": issuer,
            "iat": seconds,
            "exp": seconds + SECONDS,
            "jti": secrets.token_urlsafe(24),
        }
        header = {"alg": self._algorithm, "typ": "JWT"} | ({} if self._kid is None else {"kid": self._kid})
        signed = ".".join(to_base64url(canonical_json(part)) for part in (header, claims))
        # RFC 9864 renamed EdDSA: joserfc warns of the old name, which providers still know it by
        algorithm = _REGISTRY.get_alg("Ed25519" if self._algorithm == "EdDSA" else self._algorithm)
        assertion = f"{signed}.{to_base64url(algorithm.sign(signed.encode('ascii'), self._key))}"
        return Proved({"client_id": client_id, "client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion})


def _read_key(path: Path) -> tuple[Any, str, str | None]:
    """The key, its algorithm, and its `kid` where the file gives one: the provider has the public half under the same, or under none."""
    try:
        jwk = json.loads(read_secret(path))
        kind, algorithms = ALGORITHMS[jwk["kty"]]
        key = kind.import_key(jwk)
        algorithm = jwk.get("alg", algorithms[0])
        if not key.is_private or algorithm not in algorithms or (jwk["kty"] == "EC" and jwk["crv"] != "P-256"):
            raise KeyFileUnusable(f"{path.name} is not a private key of EdDSA, ES256, PS256 or RS256")
        return key, algorithm, None if jwk.get("kid") is None else str(jwk["kid"])
    except (JoseError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise KeyFileUnusable(f"{path.name} is not a private JWK") from error
