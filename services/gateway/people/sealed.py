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
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(_key(cookie)).encrypt(nonce, particulars.model_dump_json().encode(), digest)


def unseal(sealed: bytes, *, cookie: str, digest: bytes) -> Particulars:
    """What `seal` sealed. Raises NotSignedIn for anything else: somebody changed the row."""
    try:
        opened = AESGCM(_key(cookie)).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], digest)
        return Particulars.model_validate_json(opened)
    except (InvalidTag, ValueError, ValidationError) as error:
        raise NotSignedIn("the session cannot be opened") from error


def _key(cookie: str) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=_INFO).derive(cookie.encode("ascii"))
