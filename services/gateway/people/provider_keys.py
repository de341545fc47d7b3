"""The provider's public keys, and what they signed. One algorithm is pinned; nothing in a token can choose another.

OpenID Connect Core 1.0 sections 2, 3.1.3.7, 10.1; RFC 8725.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from safepassage.problems.access import ClientKeyNotUsable
from safepassage.problems.people import SignInNotBelieved
from safepassage.problems.signatures import BadSignature, MalformedToken
from services.gateway.oauth.client_keys import ClientKey, SignedMessage, imported_key, parts_of
from services.gateway.people.settings import Algorithm

MOST_KEYS: Final = 32
LONGEST: Final = 16 * 1024
KINDS: Final[dict[str, tuple[str, str | None, tuple[str, ...]]]] = {
    "RS256": ("RSA", None, ("n", "e")),
    "PS256": ("RSA", None, ("n", "e")),
    "ES256": ("EC", "P-256", ("crv", "x", "y")),
    "EdDSA": ("OKP", "Ed25519", ("crv", "x")),
}
NAMES: Final = {"EdDSA": ("EdDSA", "Ed25519")}
"""RFC 9864 gave the algorithm a second name."""


def keys_in(jwks: Any, algorithm: Algorithm) -> tuple[ClientKey, ...]:
    """The keys of a JWK Set that may sign with `algorithm`. Others are passed over: a provider has keys for other uses too.

    Raises SignInNotBelieved.
    """
    listed = jwks.get("keys") if isinstance(jwks, dict) else None
    if not isinstance(listed, list) or len(listed) > MOST_KEYS:
        raise SignInNotBelieved("the provider's keys cannot be read")
    return tuple(key for jwk in listed if (key := _key(jwk, algorithm)) is not None)


def _key(jwk: Any, algorithm: Algorithm) -> ClientKey | None:
    kty, curve, members = KINDS[algorithm]
    if not isinstance(jwk, dict) or jwk.get("kty") != kty or jwk.get("crv") != curve or jwk.get("use", "sig") != "sig":
        return None
    if jwk.get("alg", algorithm) not in _names(algorithm) or not all(isinstance(jwk.get(name), str) for name in members):
        return None
    try:
        kid = jwk.get("kid")
        return imported_key(kid if isinstance(kid, str) else "", algorithm, {"kty": kty, **{name: jwk[name] for name in members}})
    except ClientKeyNotUsable:
        return None


def kid_of(token: str) -> str | None:
    """Which key a token says that it is signed with, **not verified**. Raises SignInNotBelieved."""
    kid = _parts(token).header.get("kid")
    return kid if isinstance(kid, str) else None


def verified_payload(token: str, *, keys: Sequence[ClientKey], algorithm: Algorithm, types: Sequence[str]) -> Mapping[str, Any]:
    """The payload of a token that one of `keys` signed.

    keys   of the provider; the token names one by `kid`, or there is only one
    types  what its `typ` may be, in lower case; it may have none

    The claims are the caller's to check. Raises SignInNotBelieved.
    """
    message = _parts(token)
    header = message.header
    if header.get("alg") not in _names(algorithm):
        raise SignInNotBelieved("the token is signed with another algorithm than the provider's")
    if "crit" in header or str(header.get("typ", types[0])).lower() not in types:
        raise SignInNotBelieved("the token is of another type")
    kid = header.get("kid")
    fitting = [key for key in keys if kid is None or key.kid == kid]
    if len(fitting) != 1:
        raise SignInNotBelieved("the token names no key of the provider")
    try:
        fitting[0].verify(message.signed, message.signature, algorithm=algorithm)
    except BadSignature as error:
        raise SignInNotBelieved("the token's signature is not the provider's") from error
    return message.payload


def _parts(token: str) -> SignedMessage:
    try:
        return parts_of(token, max_length=LONGEST)
    except MalformedToken as error:
        raise SignInNotBelieved("the token cannot be read") from error


def _names(algorithm: str) -> tuple[str, ...]:
    return NAMES.get(algorithm, (algorithm,))
