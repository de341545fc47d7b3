"""The data keys of students, one for each school year, and the keys that make their tags. Kept wrapped by the key-encryption key.

Destroying one row makes everything that it sealed unreadable here; in every copy of the store it is once the version of the key-encryption
key that had wrapped it is destroyed too (services.audit.retention.wrapping). Keys in memory are those of committed rows alone:
what a transaction made comes in after its commit (`Minted.keep`), so that a rollback leaves no key that nobody could unwrap again.
"""

import secrets
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Final

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.audit.driver import Driver
from services.audit.entries import SealingKey
from services.audit.school_years import node_tag, student_tag
from services.audit.tables import LogKeyRow, SubjectKeyRow
from services.audit.wrapped_keys import KeyVersionGone, WrappedKeys
from shared.key_encryption import KeyProvider

KEPT_IN_MEMORY: Final = 16_384
INDEX: Final = "index"


class SubjectKeys:
    """Finds and makes keys; keeps those used last in memory."""

    def __init__(self, provider: KeyProvider) -> None:
        self._wrapped = WrappedKeys(provider)
        self._tag_keys: dict[int, bytes] = {}
        self._students: OrderedDict[tuple[int, str], SealingKey] = OrderedDict()
        self._node: dict[int, SealingKey] = {}

    def forget(self) -> None:
        """Drop what is in memory: it is read again from the store."""
        self._tag_keys, self._node = {}, {}
        self._students.clear()

    @property
    def provider(self) -> KeyProvider:
        """Who wraps them."""
        return self._wrapped.provider

    def event_digest_key(self, driver: Driver) -> bytes:
        """The key that digests events for comparison; made once, in a writing transaction."""
        return self._wrapped.service_key(driver, "events")

    async def epochs(self, tx: AsyncSession) -> list[int]:
        """The epochs that have a tag key, newest first."""
        names = [row.name for row in (await tx.scalars(select(LogKeyRow))).all()]
        return sorted((int(name.removeprefix("tag/")) for name in names if name.startswith("tag/")), reverse=True)

    async def tags(self, tx: AsyncSession, student: str) -> list[bytes]:
        """The student's tag in every epoch so far, newest first: what a search looks for."""
        return list((await self.tags_by_epoch(tx, student)).values())

    async def tags_by_epoch(self, tx: AsyncSession, student: str | None) -> dict[int, bytes]:
        """The tag of a student in every epoch so far, newest first; without a student the id of the node's own key."""
        tags = {}
        for epoch in await self.epochs(tx):
            row = await tx.get_one(LogKeyRow, _tag_name(epoch))
            key = self._wrapped.service_key_of(row.name, row.wrapped)
            tags[epoch] = node_tag(key) if student is None else student_tag(key, student)
        return tags

    def retention_key(self, driver: Driver) -> bytes:
        """The key that seals whom a hold or a destruction is about; made once, in a writing transaction."""
        return self._wrapped.service_key(driver, "retention")

    def for_students(self, driver: Driver, epoch: int, students: Iterable[str]) -> "Minted":
        """The keys of students in `epoch`, and the node's. Those that are not there are made and stored, in a writing transaction."""
        minted, unknown = self._remembered(epoch, students)
        tag_key = self._tag_key(driver, epoch, minted)
        missing: dict[bytes, str | None] = {student_tag(tag_key, student): student for student in unknown}
        if minted.node is None:
            missing[node_tag(tag_key)] = None
        if missing:
            self._find_or_make(driver, epoch, missing, minted)
        return minted

    def remembered(self, epoch: int, students: Iterable[str]) -> "Minted | None":
        """The same where all of them are in memory; else None."""
        minted, unknown = self._remembered(epoch, students)
        return None if unknown or minted.node is None else minted

    def _remembered(self, epoch: int, students: Iterable[str]) -> tuple["Minted", list[str]]:
        """What memory has, and the students of whom it has no key."""
        self._wrapped.provider.require_usable()
        if any(year != epoch for year in self._node):
            self._forget_other_years(epoch)
        minted, unknown = Minted(self, epoch), []
        for student in students:
            known = self._students.get((epoch, student))
            if known is None:
                unknown.append(student)
            else:
                self._students.move_to_end((epoch, student))
                minted.keys[student] = known
        minted.node = self._node.get(epoch)
        return minted, unknown

    async def find(self, tx: AsyncSession, key_ids: Sequence[bytes]) -> dict[bytes, AESGCM]:
        """The keys that still exist among `key_ids`."""
        return await tx.run_sync(lambda session: self.find_with(Driver(session.connection()), key_ids))

    def find_with(self, driver: Driver, key_ids: Sequence[bytes]) -> dict[bytes, AESGCM]:
        """The same, for who works with the driver. Raises TemporarilyUnavailable where they were wrapped anew since its snapshot."""
        found = {}
        for key_id, _, wrapped in driver.lookup(SubjectKeyRow, {"key_id": key_ids}):
            with suppress(KeyVersionGone):  # in a copy of the store that is older than a destruction
                found[bytes(key_id)] = self._cipher(bytes(key_id), bytes(wrapped))
        return found

    def make_index_key(self, driver: Driver) -> bytes:
        """The key of the index, for what is no person; made once, in a writing transaction."""
        return self._wrapped.service_key(driver, INDEX)

    def index_key(self, driver: Driver) -> bytes:
        """The same, that is there already."""
        return self._wrapped.held_service_key(driver, INDEX)

    def tag_keys(self, driver: Driver) -> dict[int, bytes]:
        """The keys that make tags, by their epoch: as many as the store has. They are not kept in memory. Raises KeyFileUnusable."""
        found: dict[int, bytes] = {}
        for name, wrapped in driver.rows("SELECT name, wrapped FROM log_key"):
            epoch = name.removeprefix("tag/")
            if epoch != name:
                found[int(epoch)] = self._wrapped.service_key_of(name, bytes(wrapped))
        return found

    def require_service_keys(self, driver: Driver) -> None:
        """Check that every key of the service itself opens under its name. Raises WrappedKeyRefused.

        One that a version of the key-encryption key wrapped which is not here is left alone: in a copy older than a destruction.
        """
        for name, wrapped in driver.rows("SELECT name, wrapped FROM log_key"):
            with suppress(KeyVersionGone):
                self._wrapped.unwrap(bytes(wrapped), str(name).encode())

    def _find_or_make(self, driver: Driver, epoch: int, missing: dict[bytes, str | None], minted: "Minted") -> None:
        found = {bytes(row[0]): bytes(row[2]) for row in driver.lookup(SubjectKeyRow, {"key_id": list(missing)})}
        version = 0 if len(found) == len(missing) else self._wrapped.wrapping(driver)
        new = []
        for tag, student in missing.items():
            if tag in found:
                key = SealingKey.of(tag, self._wrapped.unwrap(found[tag], bound_to(tag)))
            else:
                data_key = secrets.token_bytes(32)
                key = SealingKey.of(tag, data_key)
                new.append((tag, epoch, self._wrapped.provider.wrap(data_key, context=bound_to(tag), version=version)))
            if student is None:
                minted.node = key
            else:
                minted.keys[student] = key
            minted.fresh.append((student, key))
        driver.insert(SubjectKeyRow, sorted(new))

    def _tag_key(self, driver: Driver, epoch: int, minted: "Minted") -> bytes:
        key = self._tag_keys.get(epoch)
        if key is None:
            key = minted.tag_key = self._wrapped.service_key(driver, _tag_name(epoch))
        return key

    def _cipher(self, key_id: bytes, wrapped: bytes) -> AESGCM:
        return AESGCM(self._wrapped.unwrap(wrapped, bound_to(key_id)))

    def _forget_other_years(self, epoch: int) -> None:
        """The log's time never goes back, so keys of a year that is over seal nothing more: what is destroyed is in no memory."""
        self._node = {year: key for year, key in self._node.items() if year == epoch}
        self._tag_keys = {year: key for year, key in self._tag_keys.items() if year == epoch}
        for year, student in [one for one in self._students if one[0] != epoch]:
            del self._students[year, student]

    def keep(self, minted: "Minted") -> None:
        """Remember keys whose transaction has committed."""
        if minted.tag_key is not None:
            self._tag_keys[minted.epoch] = minted.tag_key
        for student, key in minted.fresh:
            if student is None:
                self._node[minted.epoch] = key
            else:
                self._students[minted.epoch, student] = key
        while len(self._students) > KEPT_IN_MEMORY:
            self._students.popitem(last=False)


class Minted:
    """The keys for one transaction; `keep` once it has committed."""

    def __init__(self, owner: SubjectKeys, epoch: int) -> None:
        self._owner, self.epoch = owner, epoch
        self.keys: dict[str, SealingKey] = {}
        self.node: SealingKey | None = None
        self.tag_key: bytes | None = None
        self.fresh: list[tuple[str | None, SealingKey]] = []

    @property
    def node_key(self) -> SealingKey:
        """The node's own key."""
        assert self.node is not None  # noqa: S101 for_students always finds or makes it
        return self.node

    def keep(self) -> None:
        """Remember them: their transaction has committed."""
        self._owner.keep(self)


def _tag_name(epoch: int) -> str:
    return f"tag/{epoch}"


def bound_to(key_id: bytes) -> bytes:
    """What a wrapped data key is bound to."""
    return b"subject-key\0" + key_id
