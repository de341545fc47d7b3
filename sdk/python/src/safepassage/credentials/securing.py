"""A credential becomes verifiable: by a proof inside it, or as a JWT around it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from safepassage.compact import assemble
from safepassage.credentials.conformance import require_conforming
from safepassage.credentials.data_integrity import Sign, with_proof
from safepassage.credentials.issuers import jwt_key_id, proof_key_id
from safepassage.credentials.validity import issuer_of
from safepassage.credentials.vc_jwt import signing_input

Form = Literal["data-integrity", "jwt"]
"""data-integrity: a JSON document with a proof of eddsa-rdfc-2022. jwt: a compact JWS."""


def with_data_integrity(credential: Mapping[str, Any], *, key: Ed25519PublicKey, sign: Sign, now: datetime) -> dict[str, Any]:
    """The credential with a proof of its issuer. Raises what `with_proof` raises."""
    return with_proof(credential, verification_method=proof_key_id(issuer_of(credential), key), created=now, sign=sign)


def as_jwt(credential: Mapping[str, Any], *, key: Ed25519PublicKey, sign: Sign) -> str:
    """The credential as a JWT of its issuer. Raises CredentialMalformed."""
    signed = signing_input(credential, key_id=jwt_key_id(issuer_of(credential), key))
    return assemble(signed, sign(signed))


def secured(credential: Mapping[str, Any], *, form: Form, key: Ed25519PublicKey, sign: Sign, now: datetime) -> dict[str, Any] | str:
    """A credential of Open Badges or CLR, secured; one that does not conform is not signed.

    key   the public half of what `sign` signs with

    Raises CredentialMalformed, and what `with_proof` raises.
    """
    require_conforming(credential)
    if form == "jwt":
        return as_jwt(credential, key=key, sign=sign)
    return with_data_integrity(credential, key=key, sign=sign, now=now)
