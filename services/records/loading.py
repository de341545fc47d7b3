"""Storing records: sealed, tagged, enrolled, and told to privacy, all in the caller's one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.problems.records import NoSuchStudent
from safepassage.record import StudentRecord
from services.records.facts_lane import tell_facts
from services.records.guardians import with_person_ids
from services.records.kept_statements import with_statements_kept
from services.records.loading_rows import Rows
from services.records.reading import opened
from services.records.record_sources import Part, as_told_by, merged, parts_of, record_of
from services.records.subject_facts import EnrolledAt, facts_of
from services.records.tables import OWN, EnrollmentRow, OrganisationRow, SectionRow, StudentRow
from services.records.vault import Vault
from shared.outbox import Outbox

BATCH = 500
"""Students stored with one set of statements."""


@dataclass(frozen=True)
class Arriving:
    """A record to store."""

    record: StudentRecord
    custodian_id: UUID
    originating_agency: str
    enrolled: tuple[EnrolledAt, ...]
    source: str = OWN
    student_id: UUID | None = None
    """The student that it belongs to; None: a new one."""
    source_tag: bytes | None = None
    """`LookupTags.source_id`: by it the next load finds the student again."""
    content_tag: bytes = b""


@dataclass(frozen=True)
class Stored:
    """What became of it. `facts_version` is 0 while there is no date of birth to tell privacy."""

    student_id: UUID
    created: bool
    version: int
    facts_version: int


@dataclass
class _Held:
    """A student as stored before."""

    student: StudentRow
    sections: list[SectionRow] = field(default_factory=list)
    enrolled: list[EnrolledAt] = field(default_factory=list)


class Loading:
    """Stores records under one transaction. `jurisdiction` is the node's (`US-XA`), for the facts that privacy is told."""

    def __init__(self, session: AsyncSession, vault: Vault, outbox: Outbox, *, jurisdiction: str, now: datetime) -> None:
        self._session, self._vault, self._outbox = session, vault, outbox
        self._jurisdiction, self._now = jurisdiction, now
        self._time_zones: dict[UUID, str] = {}

    async def store(self, arriving: Sequence[Arriving]) -> list[Stored]:
        """Store each; what became of them, in their order. No student twice in one call. Raises NoSuchStudent."""
        stored: list[Stored] = []
        for start in range(0, len(arriving), BATCH):
            stored += await self._store_batch(arriving[start : start + BATCH])
        return stored

    async def _store_batch(self, arriving: Sequence[Arriving]) -> list[Stored]:
        held = await self._held({one.student_id for one in arriving if one.student_id is not None})
        await self._know_time_zones({one.custodian_id for one in arriving})
        rows = Rows()
        stored = [self._prepare(one, held, rows) for one in arriving]
        await rows.write(self._session)
        for facts in rows.facts:
            tell_facts(self._session, self._outbox, facts)
        return stored

    def _prepare(self, one: Arriving, held: dict[UUID, _Held], rows: Rows) -> Stored:
        """Everything that is to be written for one record, into `rows`; what is held already is changed in place."""
        known = None if one.student_id is None else held.get(one.student_id)
        if one.student_id is not None and known is None:
            raise NoSuchStudent
        student_id, version = (known.student.id, known.student.version + 1) if known else (uuid4(), 1)
        key, wrapped = (
            (self._vault.data_key(student_id, known.student.wrapped_key), known.student.wrapped_key)
            if known
            else self._vault.new_data_key(student_id)
        )
        before = opened(key, known.sections) if known else []
        record = with_person_ids(one.record, _record_of(before))
        record = with_statements_kept(record, _record_of([part for part in before if part.source == one.source]))
        parts = parts_of(record, source=one.source, version=version)
        enrolled = _enrolled(one, known)
        facts = facts_of(
            _whole(parts, before, one.source, record),
            student_id=student_id,
            facts_version=version,
            custodian_id=one.custodian_id,
            originating_agency=one.originating_agency,
            enrolled=enrolled,
            time_zone=self._time_zones.get(one.custodian_id, "America/New_York"),
            jurisdiction=self._jurisdiction,
        )
        facts_version = version if facts is not None else 0
        if known is not None:
            rows.replaced.append((student_id, one.source))
            student = known.student
            student.custodian_id, student.originating_agency = one.custodian_id, one.originating_agency
            student.version, student.facts_version, student.changed_at = version, facts_version, self._now
        else:
            rows.add_student(
                id=student_id,
                custodian_id=one.custodian_id,
                originating_agency=one.originating_agency,
                wrapped_key=wrapped,
                version=version,
                facts_version=facts_version,
                created_at=self._now,
                changed_at=self._now,
            )
        rows.add_parts(student_id, key, parts)
        rows.add_tags(student_id, one.source, self._vault.tags.of_identity(record.identity))
        rows.add_enrollments(student_id, enrolled)
        if one.source_tag is not None:
            rows.add_source_id(student_id, one.source_tag, one.content_tag)
        if facts is not None:
            rows.facts.append(facts)
        return Stored(student_id, known is None, version, facts_version)

    async def _held(self, ids: set[UUID]) -> dict[UUID, _Held]:
        if not ids:
            return {}
        students = (await self._session.execute(select(StudentRow).where(StudentRow.id.in_(ids)).with_for_update())).scalars()
        held = {student.id: _Held(student) for student in students}
        for section in (await self._session.execute(select(SectionRow).where(SectionRow.student_id.in_(ids)))).scalars():
            held[section.student_id].sections.append(section)
        for one in (await self._session.execute(select(EnrollmentRow).where(EnrollmentRow.student_id.in_(ids)))).scalars():
            held[one.student_id].enrolled.append(EnrolledAt(one.organisation_id, one.entry_date, one.exit_date))
        return held

    async def _know_time_zones(self, ids: set[UUID]) -> None:
        unknown = ids - set(self._time_zones)
        if unknown:
            rows = (await self._session.execute(select(OrganisationRow).where(OrganisationRow.id.in_(unknown)))).scalars()
            self._time_zones |= {row.id: row.organisation.time_zone for row in rows}


def _record_of(parts: list[Part]) -> StudentRecord | None:
    return record_of(merged(parts)) if parts else None


def _whole(parts: list[Part], before: list[Part], source: str, record: StudentRecord) -> StudentRecord:
    """The record with what other sources have said of the student."""
    others = [part for part in before if part.source != source]
    return record_of(merged([*others, *parts])) if others else record


def _enrolled(one: Arriving, known: _Held | None) -> tuple[EnrolledAt, ...]:
    """The node's own load says all of the enrolments here; a received record only adds the one of its request."""
    if one.source == OWN or known is None:
        return one.enrolled
    added = {(e.organisation_id, e.entry_date) for e in one.enrolled}
    return (*(e for e in known.enrolled if (e.organisation_id, e.entry_date) not in added), *one.enrolled)


@dataclass(frozen=True)
class ReceivedEnrollment:
    """Where the request's evidence says that the child is enrolled now."""

    organisation_id: UUID
    entry_date: date


async def store_received(
    session: AsyncSession,
    vault: Vault,
    outbox: Outbox,
    record: StudentRecord,
    *,
    from_node: str,
    exchange_id: UUID,
    student_id: UUID | None,
    custodian_id: UUID,
    enrollment: ReceivedEnrollment,
    jurisdiction: str,
    now: datetime,
) -> Stored:
    """File a record that the node `from_node` (entity id) sent, beside what this node has of the student itself.

    student_id    the student that it belongs to; None makes a new one
    custodian_id  who answers for a new student's record here: the receiving school's district
    enrollment    goes to the enrolments of this node; those that the record tells of stay in the record

    Raises NoSuchStudent.
    """
    record = as_told_by(record, from_node)
    origin = next(iter(record.provenance.values())).originating_agency
    known = await session.get(StudentRow, student_id) if student_id is not None else None
    arriving = Arriving(
        record=record,
        custodian_id=known.custodian_id if known is not None else custodian_id,
        originating_agency=known.originating_agency if known is not None else origin,
        enrolled=(EnrolledAt(enrollment.organisation_id, enrollment.entry_date),),
        source=str(exchange_id),
        student_id=student_id,
    )
    [stored] = await Loading(session, vault, outbox, jurisdiction=jurisdiction, now=now).store([arriving])
    return stored
