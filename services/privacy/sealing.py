"""Sealing at rest: what privacy knows of a person is clear in memory only.

Whoever takes the database without the key files learns ids, organisations, instants and sizes; no date of birth, no flag, no reason for
which something was withheld.
"""

import secrets
import zlib
from pathlib import Path
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from safepassage.canonical import from_base64url, to_base64url
from safepassage.problems.records import SealBroken
from shared.key_encryption import FileKeyProvider, KeyProvider, WrappedKeyRefused

NONCE_BYTES = 12
WRAPPED_BYTES = 4 + 12 + 32 + 16
_SEALED_FROM = WRAPPED_BYTES + NONCE_BYTES
WORTH_PACKING = 16 * 1024
LONGEST_CLEAR = 64 * 2**20


class Sealer:
    """Seals one value of one row at a time, each under a new data key that only the key-encryption key unwraps.

    A seal is bound to its place, `table` ‖ `row` ‖ `of`: copied to another row, or paired with other clear columns, it does not open.
    """

    def __init__(self, provider: KeyProvider) -> None:
        self.provider = provider

    @classmethod
    def of(cls, keys_directory: Path) -> "Sealer":
        """The sealer over the service's key files. Raises KeyFileUnusable."""
        return cls(FileKeyProvider(keys_directory / "key-encryption"))

    def seal(self, clear: bytes, *, table: str, row: UUID, of: str) -> bytes:
        """wrapped data key ‖ nonce ‖ ciphertext and tag. `of` says which value of the row it is, and of which version."""
        place = _place(table, row, of)
        key, nonce = secrets.token_bytes(32), secrets.token_bytes(NONCE_BYTES)
        return self.provider.wrap(key, context=place) + nonce + AESGCM(key).encrypt(nonce, clear, place)

    def open(self, sealed: bytes, *, table: str, row: UUID, of: str) -> bytes:
        """What was sealed. Raises SealBroken."""
        place = _place(table, row, of)
        try:
            key = self.provider.unwrap(sealed[:WRAPPED_BYTES], context=place)
            return AESGCM(key).decrypt(sealed[WRAPPED_BYTES:_SEALED_FROM], sealed[_SEALED_FROM:], place)
        except (WrappedKeyRefused, InvalidTag, ValueError) as error:
            raise SealBroken from error

    def seal_text(self, text: str) -> str:
        """What waits in the outbox (shared.outbox.Sealing): its reasons and elements tell of a student."""
        return to_base64url(self.seal(text.encode(), table="outbox", row=UUID(int=0), of="body"))

    def open_text(self, sealed: str) -> str:
        """What `seal_text` sealed. Raises SealBroken."""
        try:
            return self.open(from_base64url(sealed), table="outbox", row=UUID(int=0), of="body").decode()
        except ValueError as error:
            raise SealBroken from error


def packed(clear: bytes) -> bytes:
    """A decision's bytes, made small before they are sealed where there are many: a page says the same of a thousand students."""
    return b"\1" + zlib.compress(clear, level=1) if len(clear) > WORTH_PACKING else b"\0" + clear


def unpacked(data: bytes) -> bytes:
    """What was packed. Raises SealBroken for anything else."""
    if data[:1] == b"\0":
        return data[1:]
    opened = zlib.decompressobj()
    try:
        clear = opened.decompress(data[1:], LONGEST_CLEAR)
    except zlib.error as error:
        raise SealBroken from error
    if data[:1] != b"\1" or not opened.eof or opened.unconsumed_tail or opened.unused_data:
        raise SealBroken
    return clear


def _place(table: str, row: UUID, of: str) -> bytes:
    return b"\0".join((b"privacy", table.encode(), row.bytes, of.encode()))
