"""A credential as a JWT (Open Badges 3.0, section 8.2; W3C Securing Verifiable Credentials using JOSE and COSE).

The credential's own members are the payload; five claims repeat what it says, and have to agree. Unlike a Data Integrity proof it covers
the bytes that were sent, and any JOSE library verifies it.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from cryptography.exceptions import InvalidSignature

from safepassage.canonical import from_base64url, json_object, to_base64url
from safepassage.credentials.issuers import IssuerKeys, key_called, rsa_key_called
from safepassage.credentials.rs256 import RS256, verify_rs256
from safepassage.credentials.validity import instant_of, issuer_of
from safepassage.problems.credentials import CredentialIssuerNotTrusted, CredentialMalformed
from safepassage.problems.signatures import BadSignature

ALGORITHM: Final = "EdDSA"
"""The name that wallets and validators know. `Ed25519` (RFC 9864) is read, too, and RS256, which Open Badges asks of validators."""
_READ: Final = (ALGORITHM, "Ed25519", RS256)
_TYPES: Final = ("JWT", "vc+jwt", None)
_CLAIMS: Final = ("iss", "jti", "nbf", "sub", "exp", "iat")


def signing_input(credential: Mapping[str, Any], *, key_id: str) -> bytes:
    """The bytes to sign with Ed25519; `safepassage.compact.assemble` makes the JWT of them and the signature."""
    header = {"alg": ALGORITHM, "kid": key_id, "typ": "JWT"}
    payload = {**credential, **_claims_of(credential)}
    return ".".join(to_base64url(written(part)) for part in (header, payload)).encode()


def written(document: Mapping[str, Any]) -> bytes:
    """A JSON document as it is sent."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def read_unverified(token: str) -> dict[str, Any]:
    """The credential in a JWT, **not verified**: whose keys to look for. Raises CredentialMalformed."""
    _, payload, _, _ = _split(token)
    return {name: member for name, member in payload.items() if name not in _CLAIMS}


def verify_jwt(token: str, *, issuer: str, keys: IssuerKeys) -> dict[str, Any]:
    """Check a JWT by one of its issuer's keys, and give the credential in it.

    Raises CredentialMalformed, CredentialIssuerNotTrusted, BadSignature.
    """
    header, payload, signed, signature = _split(token)
    _require_signed(header, signed, signature, issuer, keys)
    credential = _with_end({name: member for name, member in payload.items() if name not in _CLAIMS}, payload)
    said = {name: payload[name] for name in _CLAIMS if name in payload and name != "iat"}
    if issuer_of(credential) != issuer or said != _claims_of(credential):
        raise CredentialMalformed("the claims of the JWT do not repeat what the credential says")
    return credential


def _require_signed(header: Mapping[str, Any], signed: bytes, signature: bytes, issuer: str, keys: IssuerKeys) -> None:
    """INVARIANT: a key is used with its one algorithm, whatever the header says."""
    name = str(header.get("kid"))
    if header["alg"] == RS256:
        of_rsa = rsa_key_called(name, issuer=issuer, keys=keys)
        if of_rsa is None:
            raise CredentialIssuerNotTrusted
        verify_rs256(of_rsa, signature, signed)
        return
    key = key_called(name, issuer=issuer, keys=keys)
    if key is None:
        raise CredentialIssuerNotTrusted
    try:
        key.verify(signature, signed)
    except InvalidSignature as error:
        raise BadSignature("the credential was altered, or signed with another key") from error


def _with_end(credential: dict[str, Any], payload: Mapping[str, Any]) -> dict[str, Any]:
    """`exp` says until when, where the credential itself does not (Open Badges 3.0, section 8.2.4.1)."""
    if "exp" not in payload or "validUntil" in credential:
        return credential
    try:
        return {**credential, "validUntil": datetime.fromtimestamp(payload["exp"], UTC).isoformat()}
    except (TypeError, ValueError, OverflowError, OSError) as error:
        raise CredentialMalformed("exp is no instant") from error


def _claims_of(credential: Mapping[str, Any]) -> dict[str, Any]:
    subject = credential.get("credentialSubject")
    claims: dict[str, Any] = {
        "iss": issuer_of(credential),
        "jti": credential.get("id"),
        "nbf": int(instant_of(credential, "validFrom").timestamp()),
        "sub": subject.get("id") if isinstance(subject, Mapping) else None,
    }
    if "validUntil" in credential:
        claims["exp"] = int(instant_of(credential, "validUntil").timestamp())
    if not all(claims.values()):
        raise CredentialMalformed("a credential in a JWT has an id, and so has its subject")
    return claims


def _split(token: str) -> tuple[dict[str, Any], dict[str, Any], bytes, bytes]:
    signed, _, encoded = token.rpartition(".")
    try:
        first, second = signed.split(".")
        header, payload = json_object(from_base64url(first)), json_object(from_base64url(second))
        signature, signed_bytes = from_base64url(encoded), signed.encode("ascii")
    except ValueError as error:
        raise CredentialMalformed("not a compact JWS of JSON objects") from error
    # No key by value or by URL: nothing in a credential chooses what it is verified with.
    if not set(header) <= {"alg", "kid", "typ"} or header.get("alg") not in _READ or header.get("typ") not in _TYPES:
        raise CredentialMalformed("the header is not {alg: EdDSA or RS256, kid, typ: JWT}")
    if "vc" in payload:
        raise CredentialMalformed("a credential of the data model 1.1 is not read")
    return header, payload, signed_bytes, signature
