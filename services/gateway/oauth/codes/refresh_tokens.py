"""Refresh tokens: 256 bits, stored as digests. Each is made from the one before it, under a key of the gateway.

So the answer that gave a successor can be given again without anybody having kept it: a client whose connection broke between commit and
answer sends the old one again within a minute, and gets the same successor (FAPI 2.0 section 5.3.2.1, note 1). It is bound to the client's
key: nobody else gets anything by it. What comes later, or when the successor was used, was copied.
"""

import hmac
import secrets
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from safepassage.canonical import sha256 as digest_bytes
from safepassage.canonical import to_base64url
from services.gateway.tables import RefreshTokenRow

REPEATED_WITHIN: Final = timedelta(minutes=1)
"""Longer than clients wait for an answer before they give it up: those of 30 seconds are common."""


class RefreshTokens:
    """Of one gateway."""

    def __init__(self, key: bytes) -> None:
        self._key = hmac.digest(key, b"safepassage/refresh-token/1", sha256)

    def first(self) -> str:
        """The first of a family: random."""
        return secrets.token_urlsafe(32)

    def following(self, token: str) -> str:
        """The successor of `token`: for who has neither the key nor that token, as random as the first."""
        return to_base64url(hmac.digest(self._key, token.encode(), sha256))


def digest_of_token(token: str) -> bytes:
    """What the store knows of it, or of a code."""
    return digest_bytes(token.encode())


def may_repeat(row: RefreshTokenRow, successor: RefreshTokenRow | None, now: datetime) -> bool:
    """Whether a used refresh token may be answered as before: within a minute, as long as nobody has used what it was answered with.

    `now` may lie before its use: of two requests at once the one that waited for the other may have come first, and another process' clock
    may be behind. Pure.
    """
    return row.used_at is not None and now <= row.used_at + REPEATED_WITHIN and successor is not None and successor.used_at is None
