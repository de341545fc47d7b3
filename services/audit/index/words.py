"""What the terms and shapes of the index stand for, sealed: readable with the key of the index alone. Pure.

# INVARIANT: the same term always stands for the same value. So the nonce may follow from the term, and an index that is made again has the
# same rows.
"""

import hmac
import json
from collections.abc import Sequence

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_BYTES = 12


def sealed_words(key: bytes, stand_for: Sequence[tuple[bytes, list[str]]]) -> list[tuple[bytes, bytes]]:
    """Terms, each with its words, bound to it."""
    if not stand_for:
        return []
    cipher = _cipher(key)
    return [(term, cipher.encrypt(_nonce(key, term), json.dumps(words).encode(), term)) for term, words in stand_for]


def opened_words(key: bytes, term: bytes, sealed: bytes) -> list[str]:
    """The words. Raises InvalidTag."""
    words: list[str] = json.loads(_cipher(key).decrypt(_nonce(key, term), sealed, term))
    return words


def _cipher(key: bytes) -> AESGCM:
    return AESGCM(hmac.digest(key, b"words", "sha256"))


def _nonce(key: bytes, term: bytes) -> bytes:
    return hmac.digest(key, b"nonce\0" + term, "sha256")[:NONCE_BYTES]
