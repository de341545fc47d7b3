"""Sealing at rest: node key-encryption key → a data key per student → one AES-256-GCM blob per section. In clear in memory only.

Whoever takes the database without the key files learns how many students and sections there are, when they changed, and at which
organisations the (random) student ids are enrolled; no name, number, date of birth or anything else of a record.
"""

import secrets
from pathlib import Path
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from safepassage.canonical import from_base64url, to_base64url
from safepassage.problems.keys import KeysUnavailable
from safepassage.problems.records import SealBroken
from services.records.lookup_tags import LookupTags
from shared.key_encryption import FileKeyProvider, KeyProvider, VersionNotHere, WrappedKeyRefused, version_of
from shared.keys import read_symmetric_key

NONCE_BYTES = 12
TABLE = b"section"
OUTBOX = b"outbox"


def of_exchange(identifier: UUID) -> bytes:
    """What the particulars of an exchange are bound to: its id, or that of the peer's request here."""
    return b"exchange\0" + identifier.bytes


def of_roster(identifier: UUID) -> bytes:
    """What is kept of a roster's source, or of a package that was given, is bound to."""
    return b"roster\0" + identifier.bytes


def of_educator(identifier: UUID) -> bytes:
    """What an educator's credential is bound to."""
    return b"educator\0" + identifier.bytes


def of_organisation_key(kid: str) -> bytes:
    """What an organisation's encryption key is bound to: its public half's name."""
    return b"organisation-key\0" + kid.encode()


class DataKey:
    """One student's data key: seals and opens the sections of that student and no other's."""

    def __init__(self, student_id: UUID, key: bytes) -> None:
        self._place, self._cipher = TABLE + b"\0" + student_id.bytes + b"\0", AESGCM(key)

    def __repr__(self) -> str:
        return "DataKey()"

    def seal(self, plaintext: bytes, *, section: str, source: str, version: int) -> bytes:
        """nonce ‖ ciphertext and tag, bound to table, student, section, source and version: moved elsewhere it does not open."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, plaintext, self._at(section, source, version))

    def open(self, sealed: bytes, *, section: str, source: str, version: int) -> bytes:
        """The plaintext. Raises SealBroken."""
        try:
            return self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], self._at(section, source, version))
        except (InvalidTag, ValueError) as error:
            raise SealBroken from error

    def _at(self, section: str, source: str, version: int) -> bytes:
        return self._place + f"{section}\0{source}\0{version}".encode()


class Vault:
    """The records service's keys at work: data keys of students, keyed look-up tags, and seals for what waits in the outbox."""

    def __init__(self, provider: KeyProvider, *, lookup_key: bytes) -> None:
        self.provider, self._tags = provider, LookupTags(lookup_key)

    @property
    def tags(self) -> LookupTags:
        """The blind index: asked only while the service may open what it would find. Raises KeysUnavailable."""
        self.provider.require_usable()
        return self._tags

    @classmethod
    def of(cls, keys_directory: Path, provider: KeyProvider | None = None) -> "Vault":
        """The vault over the service's keys; without a provider over its key files. Raises KeyFileUnusable."""
        provider = provider or FileKeyProvider(keys_directory / "key-encryption")
        return cls(provider, lookup_key=read_symmetric_key(keys_directory / "lookup.key"))

    def new_data_key(self, student_id: UUID) -> tuple[DataKey, bytes]:
        """A new student's data key, and its wrapped form to store."""
        key = secrets.token_bytes(32)
        return DataKey(student_id, key), self.provider.wrap(key, context=student_id.bytes)

    def data_key(self, student_id: UUID, wrapped: bytes) -> DataKey:
        """The data key of a stored student. Raises SealBroken, KeysUnavailable."""
        return DataKey(student_id, self._unwrapped(wrapped, context=student_id.bytes))

    def rewrap(self, student_id: UUID, wrapped: bytes) -> bytes:
        """The same data key under the newest version of the key-encryption key; the same bytes if it is. Raises SealBroken."""
        return self._again(wrapped, context=student_id.bytes)

    def rewrap_particulars(self, identifier: UUID, sealed: bytes) -> bytes:
        """The same for what is known of the child of an exchange. Raises SealBroken."""
        return self._again(sealed, context=of_exchange(identifier))

    def seal_roster(self, identifier: UUID, plaintext: bytes) -> bytes:
        """What is kept of a roster and is no student's alone: classes by whatever names they have, tags of rows that were given."""
        return self.provider.wrap(plaintext, context=of_roster(identifier))

    def open_roster(self, identifier: UUID, sealed: bytes) -> bytes:
        """What `seal_roster` sealed. Raises SealBroken, KeysUnavailable."""
        return self._unwrapped(sealed, context=of_roster(identifier))

    def rewrap_roster(self, identifier: UUID, sealed: bytes) -> bytes:
        """The same under the newest version. Raises SealBroken."""
        return self._again(sealed, context=of_roster(identifier))

    def seal_educator(self, identifier: UUID, plaintext: bytes) -> bytes:
        """An educator's credential, and who the educator is."""
        return self.provider.wrap(plaintext, context=of_educator(identifier))

    def open_educator(self, identifier: UUID, sealed: bytes) -> bytes:
        """What `seal_educator` sealed. Raises SealBroken, KeysUnavailable."""
        return self._unwrapped(sealed, context=of_educator(identifier))

    def rewrap_educator(self, identifier: UUID, sealed: bytes) -> bytes:
        """The same under the newest version. Raises SealBroken."""
        return self._again(sealed, context=of_educator(identifier))

    def rewrap_organisation_key(self, kid: str, sealed: bytes) -> bytes:
        """The same for an organisation's encryption key. Raises SealBroken."""
        return self._again(sealed, context=of_organisation_key(kid))

    def is_newest_text(self, sealed: str) -> bool:
        """Whether the newest version has sealed it (`seal_text`)."""
        return version_of(from_base64url(sealed[:8])) == self.provider.version

    def _again(self, wrapped: bytes, *, context: bytes) -> bytes:
        if version_of(wrapped) == self.provider.version:
            return wrapped
        return self.provider.wrap(self._unwrapped(wrapped, context=context), context=context)

    def _unwrapped(self, wrapped: bytes, *, context: bytes) -> bytes:
        """What the key-encryption key wrapped. Raises SealBroken; KeysUnavailable where a version that is yet to come here has."""
        try:
            return self.provider.unwrap(wrapped, context=context)
        except VersionNotHere as error:
            raise KeysUnavailable("it is wrapped by a later version of the key-encryption key than is here") from error
        except WrappedKeyRefused as error:
            raise SealBroken from error

    def seal_text(self, text: str) -> str:
        """What waits in the outbox, sealed: it may hold facts of students (shared.outbox.Sealing)."""
        return to_base64url(self.provider.wrap(text.encode(), context=OUTBOX))

    def open_text(self, sealed: str) -> str:
        """What `seal_text` sealed. Raises SealBroken, KeysUnavailable."""
        try:
            return self._unwrapped(from_base64url(sealed), context=OUTBOX).decode()
        except ValueError as error:
            raise SealBroken from error
