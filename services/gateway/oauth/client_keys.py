"""Public keys that clients sign with. A key has one kid and one algorithm; a message that names another algorithm is refused.

RFC 7515, 7517, 7518, 8037, 9864. The cryptography is joserfc's and pyca/cryptography's.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

from safepassage.canonical import from_base64url, json_object
from safepassage.compact import thumbprint
from safepassage.problems.access import ClientKeyNotUsable
from safepassage.problems.signatures import BadSignature, MalformedToken
from safepassage.public_keys import PublicJwk
from safepassage.wire_clients import ClientJwk, JwkSet

ASSERTION_ALGORITHMS: Final = ("Ed25519", "EdDSA", "ES256", "PS256")
PROOF_ALGORITHMS: Final = ("Ed25519", "EdDSA", "ES256")
RSA_BITS: Final = (2048, 4096)

_REGISTRY = JWSRegistry(algorithms=["Ed25519", "ES256", "PS256", "RS256"])
_BY_NAME: Final[dict[str, Any]] = {
    "Ed25519": _REGISTRY.get_alg("Ed25519"),
    "EdDSA": _REGISTRY.get_alg("Ed25519"),  # the old name of the same algorithm (RFC 9864), for keys registered under it
    "ES256": _REGISTRY.get_alg("ES256"),
    "PS256": _REGISTRY.get_alg("PS256"),
    "RS256": _REGISTRY.get_alg("RS256"),  # of the agency's OpenID provider alone (people/provider_keys.py); no client has such a key
}
_MEMBERS: Final = {"OKP": ("crv", "x"), "EC": ("crv", "x", "y"), "RSA": ("n", "e")}
_CURVES: Final = {"OKP": "Ed25519", "EC": "P-256", "RSA": None}
_NAMES: Final = {"OKP": ("Ed25519", "EdDSA"), "EC": ("ES256",), "RSA": ("PS256",)}


@dataclass(frozen=True)
class ClientKey:
    """A public key and the one algorithm that it is used with."""

    kid: str
    algorithm: str
    thumbprint: str
    """RFC 7638."""
    _key: Any

    def verify(self, signed: bytes, signature: bytes, *, algorithm: str) -> None:
        """Check the signature. Raises BadSignature, also where the message names another algorithm than the key's."""
        if algorithm != self.algorithm:
            raise BadSignature("the key is registered for another algorithm")
        try:
            valid = _BY_NAME[algorithm].verify(signed, signature, self._key)
        except (JoseError, ValueError) as error:
            raise BadSignature from error
        if not valid:
            raise BadSignature


def client_key(jwk: ClientJwk) -> ClientKey:
    """The key of a registered JWK. Raises ClientKeyNotUsable; the detail names no value."""
    names = _NAMES[jwk.kty]
    algorithm = jwk.alg or names[0]
    if algorithm not in names or jwk.crv != _CURVES[jwk.kty]:
        raise ClientKeyNotUsable("kty, crv and alg do not go together", field="jwks")
    given = jwk.model_dump(include={"crv", "x", "y", "n", "e"}, exclude_none=True)
    if set(given) != set(_MEMBERS[jwk.kty]):
        raise ClientKeyNotUsable("the key's members are not those of its type", field="jwks")
    return imported_key(jwk.kid, algorithm, {"kty": jwk.kty, **given})


def client_keys(jwks: JwkSet) -> dict[str, ClientKey]:
    """The keys of a set by `kid`. Raises ClientKeyNotUsable for a key that is not usable, a kid or a key that comes twice."""
    keys = [client_key(jwk) for jwk in jwks.keys]
    by_kid = {key.kid: key for key in keys}
    if len(by_kid) != len(keys) or len({key.thumbprint for key in keys}) != len(keys):
        raise ClientKeyNotUsable("every key is there once, under a kid of its own", field="jwks")
    return by_kid


def peer_key(jwk: PublicJwk) -> ClientKey:
    """The key of a node statement."""
    return ClientKey(jwk.kid, "Ed25519", thumbprint(jwk.key()), OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": jwk.x}))


def proof_key(jwk: Mapping[str, Any], *, algorithm: str) -> ClientKey:
    """The key in a proof's header: public, of exactly its type's members, fit for `algorithm`. Raises ClientKeyNotUsable."""
    kty = jwk.get("kty")
    if kty not in _MEMBERS or algorithm not in PROOF_ALGORITHMS or algorithm not in _NAMES[kty]:
        raise ClientKeyNotUsable
    allowed = {"kty", *_MEMBERS[kty]}
    if not allowed <= set(jwk) <= allowed | {"kid", "alg", "use"} or jwk.get("crv") != _CURVES[kty]:
        raise ClientKeyNotUsable
    if not all(isinstance(jwk[name], str) for name in allowed) or jwk.get("alg", algorithm) != algorithm:
        raise ClientKeyNotUsable
    return imported_key("", algorithm, {name: jwk[name] for name in allowed})


def imported_key(kid: str, algorithm: str, members: dict[str, Any]) -> ClientKey:
    """The key of exactly its type's members, which the caller has looked at. Raises ClientKeyNotUsable."""
    kinds: dict[str, Any] = {"OKP": OKPKey, "EC": ECKey, "RSA": RSAKey}
    try:
        numbers = {name: from_base64url(members[name]) for name in set(members) - {"kty", "crv"}}
        if members["kty"] == "RSA":
            _require_rsa(int.from_bytes(numbers["n"]), int.from_bytes(numbers["e"]))
        key = kinds[members["kty"]].import_key(members)
        key.public_key  # noqa: B018 parsed here, not at the first signature
    except (JoseError, ValueError, TypeError) as error:
        raise ClientKeyNotUsable("not a public key", field="jwks") from error
    return ClientKey(kid, algorithm, key.thumbprint(), key)


def _require_rsa(modulus: int, exponent: int) -> None:
    if not RSA_BITS[0] <= modulus.bit_length() <= RSA_BITS[1] or exponent != 65537:
        raise ClientKeyNotUsable("an RSA key has 2,048 to 4,096 bits and the exponent 65537", field="jwks")


@dataclass(frozen=True)
class SignedMessage:
    """The parts of a compact JWS, **not verified**."""

    header: dict[str, Any]
    payload: dict[str, Any]
    signed: bytes
    signature: bytes


def parts_of(token: str, *, max_length: int) -> SignedMessage:
    """The parts of a compact JWS of JSON objects. Raises MalformedToken."""
    if len(token) > max_length or token.count(".") != 2:
        raise MalformedToken("not a compact JWS of permitted length")
    header, payload, signature = token.split(".")
    try:
        signed = f"{header}.{payload}".encode("ascii")
        return SignedMessage(json_object(from_base64url(header)), json_object(from_base64url(payload)), signed, from_base64url(signature))
    except (ValueError, RecursionError) as error:
        raise MalformedToken("a segment is not a JSON object in base64url") from error
