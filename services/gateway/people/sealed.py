"""Who a person is at their provider, sealed under the cookie that only their browser has.

The store alone opens nothing: the key is made from the cookie's value, of which the store knows a digest made in another way.
"""

import secrets
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import ValidationError

from safepassage.problems.people import NotSignedIn
from safepassage.wire import Wire

NONCE_BYTES: Final = 12
_INFO: Final = b"safepassage/session/1"


class Particulars(Wire):
    """What is sealed."""

    issuer: str
    subject: str
    display_name: str | None
    secret: str | None = None
    """43 random characters that stay through a step-up; None of a session that began before there were any."""


def seal(particulars: Particulars, *, cookie: str, digest: bytes) -> bytes:
    """Nonce and AES-256-GCM ciphertext, good for the row of `digest` alone."""
    return seal_under(cookie, particulars.model_dump_json().encode(), use=_INFO, about=digest)


def unseal(sealed: bytes, *, cookie: str, digest: bytes) -> Particulars:
    """What `seal` sealed. Raises NotSignedIn for anything else: somebody changed the row."""
    try:
        return Particulars.model_validate_json(unseal_under(cookie, sealed, use=_INFO, about=digest))
    except ValidationError as error:
        raise NotSignedIn("the session cannot be opened") from error


def seal_under(value: str, clear: bytes, *, use: bytes, about: bytes) -> bytes:
    """Nonce and AES-256-GCM ciphertext under 256 random bits that somebody else keeps (`cookies.new_value`).

    use    what the key is for: no other use opens it
    about  the row that it is good for
    """
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(_key(value, use)).encrypt(nonce, clear, about)


def unseal_under(value: str, sealed: bytes, *, use: bytes, about: bytes) -> bytes:
    """What `seal_under` sealed. Raises NotSignedIn for anything else."""
    try:
        return AESGCM(_key(value, use)).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], about)
    except (InvalidTag, ValueError) as error:
        raise NotSignedIn("the session cannot be opened") from error


def _key(value: str, use: bytes) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=use).derive(value.encode("ascii"))
