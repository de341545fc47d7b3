"""Reading a student's record: opened in memory, under the transaction that the caller holds."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.problems.records import NoSuchStudent
from safepassage.record import StudentRecord
from safepassage.unread import Unread
from services.records.left_with_source import Left, left_in
from services.records.record_sources import LEFT, SENT_IN_PART, STATEMENTS, UNREAD, Part, decoded, merged, record_of
from services.records.tables import OWN, SectionRow, StudentRow
from services.records.unread_parts import read_in_part, said_of, unread_in
from services.records.vault import DataKey, Vault
from shared import prepared


@dataclass(frozen=True)
class HeldRecord:
    """A student and the record that the node holds of them."""

    student: StudentRow
    record: StudentRecord
    left: Left | None = None
    unread: Unread | None = None
    """What of it, of a record that came with one exchange, is not whole here."""
    in_part: frozenset[str] = frozenset()
    """As HeldDocument has it, of a whole record."""


@dataclass(frozen=True)
class HeldDocument:
    """A student and what the node holds of them, as `services.records.record_sources.merged` has it."""

    student: StudentRow
    document: dict[str, Any]
    left: Left | None = None
    """Whose system has the rest of it, where this node keeps what finds the child."""
    in_part: frozenset[str] = frozenset()
    """Elements of the sections that were asked for of which a peer of a later version said more (unread_parts.read_in_part)."""


def document_at(connection: Connection, vault: Vault, student_id: UUID, *, sections: Collection[str]) -> HeldDocument:
    """As `read_record`, for a hot path (shared.database.Database.read): nothing is parsed that nobody asked for yet."""
    rows = prepared.rows(connection, _WITH_SECTIONS, {"id_": student_id, "sections": [*sections, STATEMENTS, LEFT, UNREAD, SENT_IN_PART]})
    if not rows:
        raise NoSuchStudent
    student = StudentRow(**{column.key: getattr(rows[0], column.key) for column in _STUDENT})
    key = vault.data_key(student_id, student.wrapped_key)
    parts = opened(key, rows)
    return HeldDocument(student, merged(parts), left_in(parts), read_in_part(parts))


def parts_at(connection: Connection, vault: Vault, student_id: UUID) -> tuple[StudentRow, list[Part]]:
    """A student and all that the node has of them, as it is stored. Raises NoSuchStudent, SealBroken."""
    rows = prepared.rows(connection, _WHOLE, {"id_": student_id})
    if not rows:
        raise NoSuchStudent
    student = StudentRow(**{column.key: getattr(rows[0], column.key) for column in _STUDENT})
    return student, opened(vault.data_key(student_id, student.wrapped_key), rows)


_STUDENT = tuple(column for column in StudentRow.__table__.columns if column.key != "version")
_WHOLE = (
    select(*_STUDENT, SectionRow.section, SectionRow.source, SectionRow.version, SectionRow.sealed)
    .join_from(StudentRow, SectionRow)
    .where(StudentRow.id == bindparam("id_"))
)
_WITH_SECTIONS = _WHOLE.where(SectionRow.section.in_(bindparam("sections", expanding=True)))
"""A student's columns beside each section that is wanted; `version` is the section's."""


async def read_record(session: AsyncSession, vault: Vault, student_id: UUID, *, sections: Collection[str] | None = None) -> HeldRecord:
    """The record, or its `sections`: each as this node's own agencies have it, or else as another node sent it last.

    Who may see the student is not asked here (services.records.visibility is). Raises NoSuchStudent, SealBroken.
    """
    query = select(SectionRow).where(SectionRow.student_id == student_id)
    if sections is not None:
        query = query.where(SectionRow.section.in_([*sections, STATEMENTS, LEFT]))
    return await _read(session, vault, student_id, query)


async def read_received(session: AsyncSession, vault: Vault, student_id: UUID, exchange_id: UUID) -> HeldRecord:
    """The record as it came with one exchange, alone. Raises NoSuchStudent if nothing came with it, SealBroken."""
    query = select(SectionRow).where(SectionRow.student_id == student_id, SectionRow.source == str(exchange_id))
    return await _read(session, vault, student_id, query, came_with=str(exchange_id))


async def unread_of(session: AsyncSession, key: DataKey, student_id: UUID) -> list[tuple[str, Any]]:
    """What came from nodes of later versions and is not known, or not wholly, as it came: by element, in the order of the exchanges."""
    query = select(SectionRow).where(SectionRow.student_id == student_id, SectionRow.section == UNREAD).order_by(SectionRow.source)
    parts = opened(key, (await session.execute(query)).scalars())
    found = [unread_in([part], part.source) for part in parts]
    return [pair for unread in found if unread is not None for pair in said_of(unread).items()]


async def _read(session: AsyncSession, vault: Vault, student_id: UUID, query: Any, *, came_with: str = OWN) -> HeldRecord:
    student = await session.get(StudentRow, student_id)
    rows = (await session.execute(query)).scalars().all()
    if student is None or not rows:
        raise NoSuchStudent
    parts = opened(vault.data_key(student.id, student.wrapped_key), rows)
    return HeldRecord(student, record_of(merged(parts)), left_in(parts), unread_in(parts, came_with), read_in_part(parts))


def opened(key: DataKey, rows: Iterable[Any], *, only: Mapping[str, Collection[str]] | None = None) -> list[Part]:
    """The parts of sealed rows (section, source, version, sealed). Raises SealBroken.

    only  the members wanted of each section: what is not wanted is not opened; None: all of all
    """
    parts = []
    for row in rows:
        section, source, version, sealed = row.section, row.source, row.version, row.sealed
        members = None if only is None else only.get(section)
        if members is None and only is not None:
            continue
        data = key.open(sealed, section=section, source=source, version=version)
        parts.append(decoded(data, section=section, source=source, version=version, only=members))
    return parts
