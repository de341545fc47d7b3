"""What is kept of a source's rosters, so that a delta can follow: read, searched, and written anew beside the records that it made."""

import zlib
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

import msgspec
from anyio import to_thread
from sqlalchemy import Connection, Select, bindparam, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.ids import uuid7
from safepassage.problems.requests import TemporarilyUnavailable
from services.records.formats.oneroster_kept import after_whole, within
from services.records.formats.parsed import KeptRoster, KeptStudent
from services.records.tables import KeptRosterRow, KeptStudentRow, SourceIdRow, StudentRow
from services.records.vault import DataKey, Vault
from shared import prepared
from shared.database import Database

PAGE: Final = 500
MOST_OF_STUDENT: Final = 1 << 20
MOST_OF_SOURCE: Final = 64 << 20
"""Bytes of JSON that are kept of files that are not read."""
SECTION: Final = "kept-student"
_UNDER_WAY: Final = "another load of the same source is under way"


@dataclass(frozen=True)
class HeldStudent:
    """What is kept of a student. Version 0: nothing is."""

    version: int
    rows: dict[str, Any]


@dataclass(frozen=True)
class HeldRoster:
    """What is kept of a source and tells of no student. Version 0: nothing was loaded of it."""

    version: int
    frame: dict[str, Any]
    said: bytes = b""
    """The frame as it is kept."""


@dataclass(frozen=True)
class KeptOfSource:
    """What is kept of a student of one source, by the id that it gave, with the source's frame."""

    identifier: str
    rows: dict[str, Any]
    frame: dict[str, Any]


class RosterKeeping:
    """What is kept of one source system of one organisation."""

    def __init__(self, vault: Vault, *, organisation_id: UUID, source_system: str) -> None:
        self._vault, self._organisation_id, self._source_system = vault, organisation_id, source_system
        self._source = vault.tags.source(organisation_id, source_system)

    async def roster(self, tx: AsyncSession, *, lock: bool = False) -> HeldRoster:
        """The frame. `lock`: to be changed in this transaction."""
        query = select(KeptRosterRow).where(KeptRosterRow.source == self._source)
        row = (await tx.execute(query.with_for_update() if lock else query)).scalar_one_or_none()
        if row is None:
            return HeldRoster(0, {})
        said = zlib.decompress(self._vault.open_roster(row.id, row.sealed))
        return HeldRoster(row.version, msgspec.json.decode(said), said)

    async def students(self, database: Database, identifiers: Iterable[str]) -> dict[str, HeldStudent]:
        """What is kept of these, by the id that the source gave."""
        tags = [self._tag(identifier) for identifier in identifiers]
        found: dict[str, HeldStudent] = {}
        for start in range(0, len(tags), PAGE):
            rows = await database.read(partial(_page, condition=KeptStudentRow.tag.in_(tags[start : start + PAGE])))
            found |= await to_thread.run_sync(self._opened, rows)
        return found

    async def not_kept(self, database: Database, identifiers: Iterable[str]) -> frozenset[str]:
        """Of those of whom nothing is kept, the ones who are here: they came before anything was kept, or not as a package."""
        tags = {self._tag(identifier): identifier for identifier in identifiers}
        asked = list(tags)
        found: list[bytes] = []
        for start in range(0, len(asked), PAGE):
            query = select(SourceIdRow.tag).where(SourceIdRow.tag.in_(asked[start : start + PAGE]))
            found += await database.read(partial(_tags, query=query))
        return frozenset(tags[tag] for tag in found)

    async def everybody(self, database: Database) -> AsyncIterator[tuple[str, HeldStudent]]:
        """All of the source's students, opened a page at a time."""
        after = b""
        while True:
            condition = (KeptStudentRow.source == self._source) & (KeptStudentRow.tag > after)
            rows = await database.read(partial(_page, condition=condition))
            for identifier, held in (await to_thread.run_sync(self._opened, rows)).items():
                yield identifier, held
            if len(rows) < PAGE:
                return
            after = rows[-1].tag

    async def keep_students(
        self,
        tx: AsyncSession,
        kept: Mapping[str, KeptStudent],
        student_ids: Mapping[str, UUID],
        keys: Mapping[UUID, DataKey] = MappingProxyType({}),
        *,
        files: frozenset[str] = frozenset(),
    ) -> Counter[str]:
        """Keep these, in place of what was; how many rows of each file are left.

        Raises TemporarilyUnavailable where another load came between, or a student is being destroyed or sealed anew.

        keys   data keys of students that are at hand; of others they are read
        files  `KeptRoster.files`
        """
        if not kept:
            return Counter()
        return await tx.run_sync(lambda session: self._keep_students(session.connection(), kept, student_ids, keys, files))

    def _keep_students(
        self,
        connection: Connection,
        kept: Mapping[str, KeptStudent],
        student_ids: Mapping[str, UUID],
        keys: Mapping[UUID, DataKey],
        files: frozenset[str],
    ) -> Counter[str]:
        tags = {self._tag(identifier): identifier for identifier in kept}
        held = {tags[row.tag]: row for row in prepared.rows(connection, _TAGGED, {"tags": list(tags)})}
        for identifier, one in kept.items():
            # INVARIANT: rows rest on those that they were made of; what another load has put there is not lost.
            if one.follows is not None and one.follows != (held[identifier].version if identifier in held else 0):
                raise TemporarilyUnavailable(_UNDER_WAY)
        other = {tag: one for tag, one in tags.items() if not self._is_held(kept[one], student_ids[one], held.get(one))}
        wanted = [student_ids[identifier] for identifier in other.values() if student_ids[identifier] not in keys]
        read = prepared.rows(connection, _KEYS, {"ids": wanted}) if wanted else []
        known = {**keys, **{row.id: self._vault.data_key(row.id, row.wrapped_key) for row in read}}
        if not known.keys() >= set(wanted):
            raise TemporarilyUnavailable("a student of the roster is being changed or destroyed")
        before = {row.tag: row for row in prepared.rows(connection, _HELD, {"tags": list(other)})} if other and held else {}
        rows, left = [], Counter[str]()
        for tag, identifier in other.items():
            student_id, there = student_ids[identifier], before.get(tag)
            earlier = _opened_row(known[student_id], there) if there is not None and there.student_id == student_id else None
            said, too_many = _to_keep(kept[identifier], earlier, files)
            left += too_many
            if there is None or there.content_tag is None or earlier != said:
                rows.append(self._sealed(tag, student_id, known[student_id], said, there.version + 1 if there is not None else 1))
        replaced = [row["tag"] for row in rows if row["version"] > 1]
        if replaced:
            prepared.change(connection, _NO_MORE, {"tags": replaced})
        prepared.add_each(connection, _KEEP, rows)
        return left

    async def keep_roster(self, tx: AsyncSession, kept: KeptRoster, now: datetime) -> Counter[str]:
        """Keep the frame; one that follows none adds to what was. How many rows of each file are left.

        Raises TemporarilyUnavailable where another load came between.
        """
        before = await self.roster(tx, lock=True)
        if kept.follows is not None and kept.follows != before.version:
            raise TemporarilyUnavailable(_UNDER_WAY)
        added = {name: before.frame.get(name, {}) | rows for name, rows in kept.frame.items()}
        frame, left = within(kept.frame if kept.follows is not None else before.frame | added, MOST_OF_SOURCE)
        said = msgspec.json.encode(frame)
        row = (await tx.execute(select(KeptRosterRow).where(KeptRosterRow.source == self._source))).scalar_one_or_none()
        if row is None:
            row = KeptRosterRow(id=uuid7(now), source=self._source, version=0, sealed=b"")
            tx.add(row)
        if said != before.said:
            row.sealed = self._vault.seal_roster(row.id, zlib.compress(said, level=1))
        # Also where nothing of it changed: students came with this load of whom a delta that is being made knows nothing.
        row.version = before.version + 1
        return left

    def _tag(self, identifier: str) -> bytes:
        return self._vault.tags.source_id(self._organisation_id, self._source_system, identifier)

    def _sealed(self, tag: bytes, student_id: UUID, key: DataKey, rows: bytes, version: int) -> dict[str, Any]:
        sealed = key.seal(rows, section=SECTION, source=tag.hex(), version=version)
        place = {"tag": tag, "student_id": student_id, "source": self._source, "version": version}
        return {**place, "content_tag": self._vault.tags.kept(student_id, rows), "sealed": sealed}

    def _is_held(self, one: KeptStudent, student_id: UUID, held: Any) -> bool:
        """Whether the very same is kept: told without opening it."""
        return held is not None and held.student_id == student_id and held.content_tag == self._vault.tags.kept(student_id, one.rows)

    def _opened(self, rows: Sequence[Any]) -> dict[str, HeldStudent]:
        found = {}
        for row in rows:
            key = self._vault.data_key(row.student_id, row.wrapped_key)
            identifier, held = _told(_opened_row(key, row))
            found[identifier] = HeldStudent(row.version, held)
        return found


_OF_TAGS = KeptStudentRow.tag.in_(bindparam("tags", expanding=True))
_TAGGED = (
    select(KeptStudentRow.tag, KeptStudentRow.student_id, KeptStudentRow.version, KeptStudentRow.content_tag)
    .where(_OF_TAGS)
    .order_by(KeptStudentRow.tag)
    .with_for_update()
)
_HELD = select(KeptStudentRow.__table__).where(_OF_TAGS)
# INVARIANT: nothing is sealed under a data key that another transaction is about to replace (sealing_anew); nor is waited for one, as those
# whom this load stores are locked already, and students are locked in one order.
_KEYS = (
    select(StudentRow.id, StudentRow.wrapped_key)
    .where(StudentRow.id.in_(bindparam("ids", expanding=True)))
    .order_by(StudentRow.id)
    .with_for_update(read=True, skip_locked=True)
)
_NO_MORE = delete(KeptStudentRow).where(_OF_TAGS)
_KEEP = insert(KeptStudentRow)


def _to_keep(one: KeptStudent, earlier: bytes | None, files: frozenset[str]) -> tuple[bytes, Counter[str]]:
    """What is to be kept of a student of whom that was kept `earlier`, and how many rows of each file are left."""
    said = one.rows
    if earlier is not None and said != earlier and one.follows is None and _OF_A_FILE in earlier:
        identifier, rows = _told(said)
        said = msgspec.json.encode({"id": identifier, **after_whole(_told(earlier)[1], rows, files)})
    if len(said) <= MOST_OF_STUDENT:
        return said, Counter()
    identifier, rows = _told(said)
    rows, left = within(rows, MOST_OF_STUDENT)
    return msgspec.json.encode({"id": identifier, **rows}), left


def _told(rows: bytes) -> tuple[str, dict[str, Any]]:
    """The id that the source gave, and the rows."""
    held: dict[str, Any] = msgspec.json.decode(rows)
    return held.pop("id"), held


_OF_A_FILE: Final = b'.csv":{'


async def kept_of_student(tx: AsyncSession, vault: Vault, student_id: UUID, key: DataKey) -> list[KeptOfSource]:
    """What is kept of one student, by source, and what those sources said that tells of no student."""
    found = []
    for row in (await tx.scalars(select(KeptStudentRow).where(KeptStudentRow.student_id == student_id).order_by(KeptStudentRow.tag))).all():
        identifier, rows = _told(_opened_row(key, row))
        roster = (await tx.execute(select(KeptRosterRow).where(KeptRosterRow.source == row.source))).scalar_one_or_none()
        frame = {} if roster is None else msgspec.json.decode(zlib.decompress(vault.open_roster(roster.id, roster.sealed)))
        found.append(KeptOfSource(identifier, rows, frame))
    return found


def identifier_of(key: DataKey, row: KeptStudentRow) -> str:
    """The id that the source gave the student of a row. Raises SealBroken."""
    return _told(_opened_row(key, row))[0]


def _opened_row(key: DataKey, row: Any) -> bytes:
    return key.open(row.sealed, section=SECTION, source=row.tag.hex(), version=row.version)


def _tags(connection: Connection, *, query: Select[bytes]) -> Sequence[bytes]:
    return connection.execute(query).scalars().all()


def _page(connection: Connection, *, condition: Any) -> Sequence[Any]:
    query = select(KeptStudentRow, StudentRow.wrapped_key).join(StudentRow, StudentRow.id == KeptStudentRow.student_id)
    columns = [KeptStudentRow.tag, KeptStudentRow.student_id, KeptStudentRow.version, KeptStudentRow.sealed, StudentRow.wrapped_key]
    return connection.execute(query.with_only_columns(*columns).where(condition).order_by(KeptStudentRow.tag).limit(PAGE)).all()


def resealed(old: DataKey, new: DataKey, row: KeptStudentRow) -> bytes:
    """The same rows under another data key of the student. Raises SealBroken."""
    place: dict[str, Any] = {"section": SECTION, "source": row.tag.hex(), "version": row.version}
    return new.seal(old.open(row.sealed, **place), **place)
