"""Nonces that the server gives for proofs (RFC 9449 section 8): no store, the same for every process of the gateway."""

import hmac
from datetime import datetime
from hashlib import sha256
from typing import Final

from safepassage.canonical import from_base64url, to_base64url
from safepassage.problems.access import ProofNonceRequired

LASTS_SECONDS: Final = 300
AHEAD_SECONDS: Final = 1
"""How far ahead the clock of another process of the gateway may be that gave it: as far as a token's (services.gateway.oauth.tokens)."""
TAG_BYTES: Final = 16


class ProofNonces:
    """A nonce is the instant at which it was given, in milliseconds, under a key of the gateway."""

    def __init__(self, key: bytes) -> None:
        self._key = hmac.digest(key, b"safepassage/proof-nonce/1", sha256)

    def give(self, now: datetime) -> str:
        """A nonce for the next proofs of whoever asks."""
        instant = int(now.timestamp() * 1000).to_bytes(6)
        return to_base64url(instant + self._tag(instant))

    def verify(self, nonce: str, now: datetime) -> float:
        """When the nonce was given at the latest, in seconds since the epoch. Raises ProofNonceRequired for any not ours, or too old."""
        try:
            data = from_base64url(nonce)
        except ValueError as error:
            raise ProofNonceRequired from error
        if len(data) != 6 + TAG_BYTES or not hmac.compare_digest(data[6:], self._tag(data[:6])):
            raise ProofNonceRequired
        given, seconds = int.from_bytes(data[:6]) / 1000, now.timestamp()
        if not given - AHEAD_SECONDS <= seconds < given + LASTS_SECONDS:
            raise ProofNonceRequired
        return min(given, seconds)

    def _tag(self, instant: bytes) -> bytes:
        return hmac.digest(self._key, instant, sha256)[:TAG_BYTES]
