"""Content that is too large to be sealed in one piece: AES-256-GCM chunks, numbered, the last one marked (the STREAM construction).

A nonce is the chunk's number (88 bits, big-endian) ‖ 1 for the last chunk, else 0: so a key seals one content, once. The associated data of
every chunk is the digest of the header, which says what the content is part of. Moved, left out, repeated, put behind the last one, or
taken from elsewhere, a chunk does not open (Hoang, Reyhanitabar, Rogaway, Vizár 2015: online authenticated encryption).
"""

import secrets
from collections.abc import Mapping
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from safepassage.canonical import canonical_json, sha256
from safepassage.problems.bodies import ChunkNotOpened
from safepassage.sealing import MIB, SIZE_CLASSES

LABEL: Final = b"safepassage/chunks/1"
KEY_BYTES: Final = 32
TAG_BYTES: Final = 16
CHUNK_BYTES: Final = MIB
"""Of content, in every chunk but the last, which is padded with zeros to its size class."""
MAX_CONTENT_BYTES: Final = 1024 * MIB
SEALED_BYTES: Final = frozenset(size + TAG_BYTES for size in SIZE_CLASSES)
"""The lengths that a sealed chunk can have."""
MAX_SEALED_BYTES: Final = max(SEALED_BYTES)


def header_digest(header: Mapping[str, Any]) -> bytes:
    """What every chunk is bound to: SHA-256("safepassage/chunks/1" ‖ 0x00 ‖ JCS of the header), 32 bytes.

    Vectors in tests/vectors/chunks.json.
    """
    return sha256(LABEL + b"\x00" + canonical_json(header))


def new_key() -> bytes:
    """A key for one content."""
    return secrets.token_bytes(KEY_BYTES)


def chunk_count(size: int) -> int:
    """How many chunks a content of `size` bytes has; an empty one has one."""
    return max(1, -(-size // CHUNK_BYTES))


class ChunkedSeal:
    """The key of one content with the digest of its header. It does not tell itself."""

    def __init__(self, key: bytes, *, header: bytes) -> None:
        """Raises ValueError for what is no key or no digest."""
        if len(key) != KEY_BYTES or len(header) != 32:
            raise ValueError("a key and a header's digest have 32 bytes each")
        self._cipher, self._header = AESGCM(key), header

    def __repr__(self) -> str:
        return "ChunkedSeal()"

    def seal(self, content: bytes, *, number: int, last: bool) -> bytes:
        """The next chunk, ciphertext and tag. Raises ValueError for a chunk that is too long, or too short before the last one."""
        if len(content) > CHUNK_BYTES or (len(content) < CHUNK_BYTES and not last):
            raise ValueError("every chunk but the last one is whole")
        padded = content if len(content) == CHUNK_BYTES else content.ljust(_size_class(len(content)), b"\x00")
        return self._cipher.encrypt(_nonce(number, last=last), padded, self._header)

    def open(self, sealed: bytes, *, number: int, size: int) -> bytes:
        """The content of chunk `number` of a content of `size` bytes, without its padding. Raises ChunkNotOpened, which names it."""
        last = number == chunk_count(size) - 1
        expected = size - number * CHUNK_BYTES if last else CHUNK_BYTES
        if not 0 <= number < chunk_count(size) or len(sealed) != _size_class(expected) + TAG_BYTES:
            raise ChunkNotOpened(number=number)
        try:
            padded = self._cipher.decrypt(_nonce(number, last=last), sealed, self._header)
        except InvalidTag as error:
            raise ChunkNotOpened(number=number) from error
        if padded.count(0, expected) != len(padded) - expected:
            raise ChunkNotOpened("its padding is not zero", number=number)
        return padded[:expected]


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + (b"\x01" if last else b"\x00")


def _size_class(size: int) -> int:
    return next(one for one in SIZE_CLASSES if one >= size)
