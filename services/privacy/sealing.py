"""Sealing at rest: what privacy knows of a person is clear in memory only.

Whoever takes the database without the key files learns ids, organisations, instants and sizes; no date of birth, no flag, no reason for
which something was withheld.
"""

import secrets
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from safepassage.canonical import from_base64url, to_base64url
from safepassage.problems.keys import KeysUnavailable
from safepassage.problems.records import SealBroken
from shared.key_encryption import FileKeyProvider, KeyProvider, VersionNotHere, WrappedKeyRefused, version_of

NONCE_BYTES = 12
WRAPPED_BYTES = 4 + 12 + 32 + 16
_SEALED_FROM = WRAPPED_BYTES + NONCE_BYTES
SEALS_OF_A_KEY: Final = 1024
KEYS_KNOWN: Final = 256
_OF_SEVERAL: Final = b"privacy\0data-key"
"""The context of a wrapped data key: no place of a value, which has a row of 16 bytes behind its table."""
ALONE: Final = frozenset({"subject"})
"""Tables each of whose values has a data key to itself: a student is forgotten by themselves (docs/decisions/0043)."""
WORTH_PACKING = 16 * 1024
LONGEST_CLEAR = 64 * 2**20


@dataclass
class _DataKey:
    """The key that seals now."""

    cipher: AESGCM
    wrapped: bytes
    version: int
    """Of the key-encryption key that wrapped it."""
    left: int
    """Threads that seal at once may seal some more: a random nonce is safe for 2^32 (NIST SP 800-38D section 8.3)."""


class Sealer:
    """Seals one value of one row at a time under a data key that only the key-encryption key unwraps.

    A seal is bound to its place, `table` ‖ `row` ‖ `of`: copied to another row, or paired with other clear columns, it does not open.
    A data key seals `SEALS_OF_A_KEY` values, one after the other, and is kept in memory alone (docs/decisions/0015); but for ALONE.
    """

    def __init__(self, provider: KeyProvider) -> None:
        self.provider = provider
        self._sealing: _DataKey | None = None
        self._known: dict[bytes, AESGCM] = {}
        """Data keys that were met, by how they are wrapped."""
        self._versions = provider.versions
        self._meeting = Lock()

    @classmethod
    def of(cls, keys_directory: Path, provider: KeyProvider | None = None) -> "Sealer":
        """The sealer over the service's keys; without a provider over its key files. Raises KeyFileUnusable."""
        return cls(provider or FileKeyProvider(keys_directory / "key-encryption"))

    def forget(self) -> None:
        """Drop the data keys in memory: the provider has to open them again."""
        self._sealing, self._known = None, {}

    def seal(self, clear: bytes, *, table: str, row: UUID, of: str) -> bytes:
        """wrapped data key ‖ nonce ‖ ciphertext and tag. `of` says which value of the row it is, and of which version."""
        key, nonce = self._sealing, secrets.token_bytes(NONCE_BYTES)
        if table in ALONE:
            key = self._new_key()
        elif key is None or key.left <= 0 or key.version != self.provider.version:
            key = self._sealing = self._new_key()
        key.left -= 1
        return key.wrapped + nonce + key.cipher.encrypt(nonce, clear, _place(table, row.bytes, of))

    def open(self, sealed: bytes, *, table: str, row: UUID, of: str) -> bytes:
        """What was sealed. Raises SealBroken, KeysUnavailable."""
        (clear,) = self.open_each([(row.bytes, of, sealed)], table=table)
        return clear

    def open_each(self, several: Iterable[tuple[bytes, str, bytes]], *, table: str) -> list[bytes]:
        """What was sealed in several rows of one table: (the row's 16 bytes, `of`, sealed). Raises as `open`."""
        known, clear, within, keep = self._known_now(), [], _place(table, b"", "")[:-1], table not in ALONE
        try:
            for row, of, sealed in several:
                place = b"%b%b\0%b" % (within, row, of.encode())
                wrapped = sealed[:WRAPPED_BYTES]
                cipher = known.get(wrapped) or self._cipher_of(wrapped, place, keep=keep)
                clear.append(cipher.decrypt(sealed[WRAPPED_BYTES:_SEALED_FROM], sealed[_SEALED_FROM:], place))
        except (WrappedKeyRefused, InvalidTag, ValueError) as error:
            raise _unopened(error) from error
        return clear

    def _known_now(self) -> dict[bytes, AESGCM]:
        """INVARIANT: what a version of the key-encryption key wrapped that is not there any more opens nothing, met before or not."""
        versions = self.provider.versions
        if versions != self._versions:
            self._known, self._versions = {}, versions
        return self._known

    def _new_key(self) -> "_DataKey":
        key = secrets.token_bytes(32)
        return _DataKey(AESGCM(key), self.provider.wrap(key, context=_OF_SEVERAL), self.provider.version, SEALS_OF_A_KEY)

    def _cipher_of(self, wrapped: bytes, place: bytes, *, keep: bool) -> AESGCM:
        """The cipher of a data key that was not met before. `keep`: it will be met again. Raises WrappedKeyRefused."""
        try:
            cipher = AESGCM(self.provider.unwrap(wrapped, context=_OF_SEVERAL))
        except WrappedKeyRefused:  # a value that was sealed under a key of its own, bound to the place as the value is
            return AESGCM(self.provider.unwrap(wrapped, context=place))
        if not keep:
            return cipher
        with self._meeting:
            if len(self._known) >= KEYS_KNOWN:
                self._known.pop(next(iter(self._known)))
            self._known[wrapped] = cipher
        return cipher

    def is_newest(self, sealed: bytes) -> bool:
        """Whether the newest version of the key-encryption key wraps the value's data key."""
        return version_of(sealed) == self.provider.version

    @staticmethod
    def parted(sealed: bytes) -> tuple[bytes, bytes]:
        """The wrapped data key, and the value that it seals."""
        return sealed[:WRAPPED_BYTES], sealed[WRAPPED_BYTES:]

    def rewrapped(self, wrapped: bytes) -> bytes:
        """The same data key under the newest version. Raises SealBroken."""
        try:
            return self.provider.wrap(self.provider.unwrap(wrapped, context=_OF_SEVERAL), context=_OF_SEVERAL)
        except (WrappedKeyRefused, ValueError) as error:
            raise _unopened(error) from error

    def unwraps(self, wrapped: bytes) -> bool:
        """Whether a data key opens here."""
        try:
            self.provider.unwrap(wrapped, context=_OF_SEVERAL)
        except WrappedKeyRefused:
            return False
        return True

    def seal_text(self, text: str) -> str:
        """What waits in the outbox (shared.outbox.Sealing): its reasons and elements tell of a student."""
        return to_base64url(self.seal(text.encode(), table="outbox", row=UUID(int=0), of="body"))

    def open_text(self, sealed: str) -> str:
        """What `seal_text` sealed. Raises SealBroken."""
        try:
            return self.open(from_base64url(sealed), table="outbox", row=UUID(int=0), of="body").decode()
        except ValueError as error:
            raise SealBroken from error


def _unopened(error: Exception) -> SealBroken | KeysUnavailable:
    """Why something sealed does not open: for good, or as long as a version that another process has already is not here."""
    if isinstance(error, VersionNotHere):
        return KeysUnavailable("it is wrapped by a later version of the key-encryption key than is here")
    return SealBroken()


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


def _place(table: str, row: bytes, of: str) -> bytes:
    return b"privacy\0%b\0%b\0%b" % (table.encode(), row, of.encode())
