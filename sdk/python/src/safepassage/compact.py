"""JWS compact serialisation with one key per `kid`, and one algorithm per key; nothing in a header can choose either.

Ed25519 (RFC 8037, RFC 9864), and for exchange messages of the second suite ES384 (RFC 7518 section 3.4); RFC 7515. Messages between nodes
may share an Ed25519 signature (safepassage.batch_signatures); whoever verifies says whether.

Who signs builds the bytes here and signs them with its own key; who verifies names the `typ` it expects. The two cannot drift.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from safepassage import batch_signatures
from safepassage.canonical import canonical_json, digest_of_json, from_base64url, json_object, to_base64url
from safepassage.es384 import ES384, p384_key_of, p384_members, verify_es384
from safepassage.problems.signatures import BadSignature, MalformedToken, UnexpectedType, UnknownKey

ALGORITHM: Final = "Ed25519"
_ALGORITHMS: Final = (ALGORITHM, batch_signatures.ALGORITHM, ES384)
MAX_LENGTH = 64 * 1024

PublicKey = Ed25519PublicKey | EllipticCurvePublicKey
"""An elliptic curve key is always one of P-384."""
PublicKeys = Mapping[str, PublicKey]
"""Keys by `kid` (RFC 7638 thumbprint). One key per kid, each used with its one algorithm only."""


def algorithm_of(key: PublicKey) -> str:
    """The one algorithm that a key is used with."""
    return ALGORITHM if isinstance(key, Ed25519PublicKey) else ES384


def thumbprint(key: PublicKey) -> str:
    """The `kid` of a key: its RFC 7638 thumbprint with SHA-256, 43 characters."""
    if not isinstance(key, Ed25519PublicKey):
        return digest_of_json(p384_members(key))
    return digest_of_json({"crv": "Ed25519", "kty": "OKP", "x": to_base64url(key.public_bytes_raw())})


def public_jwk(key: Ed25519PublicKey) -> dict[str, str]:
    """The key as a JWK (RFC 8037): kty, crv, x, kid, alg, use."""
    return {
        "kty": "OKP",
        "crv": "Ed25519",
        "x": to_base64url(key.public_bytes_raw()),
        "kid": thumbprint(key),
        "alg": ALGORITHM,
        "use": "sig",
    }


def public_key_of(jwk: Mapping[str, Any]) -> Ed25519PublicKey:
    """The key of a JWK that `public_jwk` could have made. Raises MalformedToken for any other."""
    try:
        if jwk["kty"] != "OKP" or jwk["crv"] != "Ed25519" or "d" in jwk:
            raise MalformedToken("not a public Ed25519 key")
        key = Ed25519PublicKey.from_public_bytes(from_base64url(jwk["x"]))
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise MalformedToken("not a public Ed25519 key") from error
    if "kid" in jwk and jwk["kid"] != thumbprint(key):
        raise MalformedToken("kid is not the key's thumbprint")
    return key


def message_key_of(jwk: Mapping[str, Any]) -> PublicKey:
    """The key of a public JWK of either algorithm. Raises MalformedToken."""
    return p384_key_of(jwk) if jwk.get("kty") == "EC" else public_key_of(jwk)


def signing_input(*, typ: str, kid: str, payload: Mapping[str, Any], algorithm: str = ALGORITHM, batched: bool = False) -> bytes:
    """The bytes to sign: `base64url(header).base64url(payload)`, both canonical JSON. `batched`: to be signed with others, by Ed25519."""
    alg = batch_signatures.ALGORITHM if batched else algorithm
    return f"{_encoded_header(alg, typ, kid)}.{to_base64url(canonical_json(payload))}".encode("ascii")


@lru_cache(maxsize=64)
def _encoded_header(alg: str, typ: str, kid: str) -> str:
    return to_base64url(canonical_json({"alg": alg, "kid": kid, "typ": typ}))


def assemble(signed: bytes, signature: bytes) -> str:
    """The compact JWS of `signing_input`'s bytes and their signature: 64 bytes, 96 of ES384, or what `batch_signatures` gives."""
    return f"{signed.decode('ascii')}.{to_base64url(signature)}"


@dataclass(frozen=True)
class Parts:
    """The segments of a compact JWS."""

    header: dict[str, str]
    payload: dict[str, Any]
    payload_bytes: bytes
    signed: bytes
    signature: bytes


def verify_compact(token: str, *, typ: str, keys: PublicKeys, max_length: int = MAX_LENGTH) -> dict[str, Any]:
    """Check the signature of `token` and give its payload. Claims (iss, aud, exp) are the caller's to check.

    Raises MalformedToken, UnexpectedType, UnknownKey, BadSignature. `max_length` in characters.
    """
    return verified_parts(token, typ=typ, keys=keys, max_length=max_length).payload


def verified_parts(token: str, *, typ: str, keys: PublicKeys, max_length: int = MAX_LENGTH, batched: bool = False) -> Parts:
    """As `verify_compact`, and gives every part. `batched`: a signature that it shares with others will do."""
    parts = _parts(token, max_length)
    shared = parts.header["alg"] == batch_signatures.ALGORITHM
    if shared and not batched:
        raise MalformedToken("a token of this type is signed by itself")
    if parts.header["typ"] != typ:
        raise UnexpectedType(f"a token of type {typ} was expected")
    key = keys.get(parts.header["kid"])
    if key is None:
        raise UnknownKey
    # INVARIANT: the key says with which algorithm it is used; a header that says another is no signature of it.
    if _key_algorithm(parts.header["alg"]) != algorithm_of(key):
        raise BadSignature
    if shared and isinstance(key, Ed25519PublicKey):
        batch_signatures.verify_batched(parts.signature, parts.signed, key)
        return parts
    try:
        if isinstance(key, Ed25519PublicKey):
            key.verify(parts.signature, parts.signed)
        else:
            verify_es384(parts.signature, parts.signed, key=key)
    except InvalidSignature as error:
        raise BadSignature from error
    return parts


def split(token: str, *, max_length: int = MAX_LENGTH) -> tuple[dict[str, str], dict[str, Any], bytes, bytes]:
    """Header, payload, signed bytes and signature of a compact JWS, **not verified**. Raises MalformedToken.

    The header has exactly alg, kid and typ: no `crit`, no key by value or by URL.
    """
    parts = _parts(token, max_length)
    return parts.header, parts.payload, parts.signed, parts.signature


def kid_of(token: str, *, max_length: int = MAX_LENGTH) -> str:
    """The `kid` of a compact JWS, **not verified**: which key to look for. Raises MalformedToken."""
    return _header_of(token, max_length)["kid"]


def algorithm_in(token: str, *, max_length: int = MAX_LENGTH) -> str:
    """The algorithm of the key that a compact JWS says it is signed with; verified, it is. Raises MalformedToken."""
    return _key_algorithm(_header_of(token, max_length)["alg"])


def _key_algorithm(alg: str) -> str:
    """A signature that is shared is of a key of Ed25519."""
    return ALGORITHM if alg == batch_signatures.ALGORITHM else alg


def _header_of(token: str, max_length: int) -> Mapping[str, str]:
    signed, _, _ = _segments(token, max_length)
    return _header(signed.partition(".")[0])


def _segments(token: str, max_length: int) -> tuple[str, str, str]:
    """What is signed, the payload in it, and the signature; encoded."""
    if len(token) > max_length or token.count(".") != 2:
        raise MalformedToken("not a compact JWS of permitted length")
    signed, _, encoded_signature = token.rpartition(".")
    return signed, signed.partition(".")[2], encoded_signature


def _parts(token: str, max_length: int) -> Parts:
    signed, encoded_payload, encoded_signature = _segments(token, max_length)
    try:
        payload_bytes = from_base64url(encoded_payload)
        payload, signature = json_object(payload_bytes), from_base64url(encoded_signature)
        signed_bytes = signed.encode("ascii")
    except ValueError as error:
        raise MalformedToken("a segment is not base64url JSON") from error
    return Parts(dict(_header(signed.partition(".")[0])), payload, payload_bytes, signed_bytes, signature)


@lru_cache(maxsize=256)
def _header(encoded: str) -> Mapping[str, str]:
    """A key's header is the same in each of its tokens of one type: it is read once. Raises MalformedToken, which is not remembered."""
    try:
        header = json_object(from_base64url(encoded))
    except ValueError as error:
        raise MalformedToken("a segment is not base64url JSON") from error
    if set(header) != {"alg", "kid", "typ"} or not all(isinstance(v, str) for v in header.values()) or header["alg"] not in _ALGORITHMS:
        raise MalformedToken("the header is not {alg: Ed25519 or ES384, kid, typ}")
    return header
