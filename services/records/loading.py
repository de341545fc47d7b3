"""Storing records: sealed, tagged, enrolled, and told to privacy, all in the caller's one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.problems.records import NoSuchStudent
from safepassage.record import StudentRecord
from safepassage.unread import Unread
from safepassage.wire_organisations import Organisation
from services.records.facts_lane import telling
from services.records.guardians import with_person_ids
from services.records.held_students import HeldStudent, held_students
from services.records.kept_beside import Kept, part_kept
from services.records.kept_statements import with_statements
from services.records.left_with_source import Left, divided, joined, left_in, now_left, part_left
from services.records.loading_rows import Rows
from services.records.read_marks import ReadMark
from services.records.reading import opened
from services.records.record_sources import Part, Writing, merged, parts_of, record_of
from services.records.statistics.coded_students import sealed_code
from services.records.subject_facts import EnrolledAt, facts_of
from services.records.tables import OWN, OrganisationRow
from services.records.unread_parts import part_unread
from services.records.vault import DataKey, Vault
from shared.asked_once import rows_once
from shared.group_commit import Writing as Transaction
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
    kept: Kept | None = None
    """What the source said beside the record; None: nothing new."""
    read_mark: ReadMark | None = None
    """By what the next load knows that nothing of it need be read; None: it is read."""
    written: Writing = field(default_factory=dict)
    """What the source said, as far as it was written already."""
    unread: Unread | None = None
    """What of it this version does not know, as it came from a peer; None: all of it is known, whatever was not before."""
    left: Left | Literal["as-before"] | None = "as-before"
    """Whose system has most of it, which then is not stored; None: all of it is kept, whatever was left before."""


@dataclass(frozen=True)
class Stored:
    """What became of it. `facts_version` is 0 while there is no date of birth to tell privacy."""

    student_id: UUID
    created: bool
    version: int
    facts_version: int
    custodian_id: UUID
    key: DataKey
    """Under which it was sealed."""
    left_now: bool = False
    """Of what was kept of the source a part is left with the source's system from now on."""


class Loading:
    """Stores records under one transaction. `jurisdiction` is the node's (`US-XA`), for the facts that privacy is told."""

    def __init__(self, vault: Vault, outbox: Outbox, *, jurisdiction: str, now: datetime) -> None:
        self._vault, self._outbox = vault, outbox
        self._jurisdiction, self._now = jurisdiction, now
        self._time_zones: dict[UUID, str] = {}

    async def store_in(self, tx: AsyncSession, arriving: Sequence[Arriving]) -> list[Stored]:
        """`store`, in a session's transaction. The outbox is woken once it has committed."""
        await tx.flush()
        stored = await tx.run_sync(lambda session: self.store(session.connection(), arriving))
        self._outbox.wake_after(tx)
        return stored

    def store(self, connection: Connection, arriving: Sequence[Arriving]) -> list[Stored]:
        """Store each; what became of them, in their order. No student twice in one call. Raises NoSuchStudent.

        The outbox is to be woken once `connection` has committed.
        """
        stored: list[Stored] = []
        for start in range(0, len(arriving), BATCH):
            stored += self._store_batch(connection, arriving[start : start + BATCH])
        return stored

    def store_beside(self, tx: Transaction, one: Arriving) -> Stored:
        """`store` of one record, in a transaction in which others may store theirs: a new student's rows go with those of theirs.

        One that is held is stored at once, so that whoever is next in the transaction finds it as it is now.
        """
        if one.student_id is not None or not tx.is_shared:
            [stored] = self.store(tx.connection, [one])
            return stored
        self._know_time_zones(tx.connection, {one.custodian_id})
        rows = tx.gathered("students", Rows)
        stored = self._prepare(one, {}, rows)
        while rows.facts:
            tx.tell(telling(self._outbox, rows.facts.pop()))
        return stored

    def _store_batch(self, connection: Connection, arriving: Sequence[Arriving]) -> list[Stored]:
        held = held_students(connection, [one.student_id for one in arriving if one.student_id is not None])
        self._know_time_zones(connection, {one.custodian_id for one in arriving})
        rows = Rows()
        stored = [self._prepare(one, held, rows) for one in arriving]
        rows.write(connection)
        self._outbox.add_to(connection, *(telling(self._outbox, facts) for facts in rows.facts))
        return stored

    def _prepare(self, one: Arriving, held: dict[UUID, HeldStudent], rows: Rows) -> Stored:
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
        whole, record, left = _divided(one, before, with_person_ids(one.record, _record_of(before)))
        parts = parts_of(record, source=one.source, version=version, written=one.written)
        beside = [*(part for part in before if part.source != one.source), *parts]
        coded = _merged_with(beside, record)
        told_of = coded
        if whole is not record:
            told_of = _merged_with([*beside, *parts_of(whole, source=one.source, version=version + 1)], whole)
        if one.source == OWN:
            parts += part_left(left, version=version)
        parts += part_kept(before, one.kept, source=one.source, version=version)
        parts += part_unread(one.unread, source=one.source, version=version)
        enrolled = _enrolled(one, known)
        time_zone = self._time_zones.get(one.custodian_id, "America/New_York")
        facts = facts_of(
            told_of,
            student_id=student_id,
            facts_version=version,
            custodian_id=one.custodian_id,
            originating_agency=one.originating_agency,
            enrolled=enrolled,
            time_zone=time_zone,
            jurisdiction=self._jurisdiction,
            now=self._now,
            same_child=known.same_child if known else (),
            beyond=left,
        )
        facts_version = version if facts is not None else 0
        if known is not None:
            rows.replaced.append((student_id, one.source))
            rows.change_student(
                student_id,
                custodian_id=one.custodian_id,
                originating_agency=one.originating_agency,
                version=version,
                facts_version=facts_version,
                changed_at=self._now,
            )
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
        # Of what is left with the source nothing is known here, and so statistics do not either.
        today = self._now.astimezone(ZoneInfo(time_zone)).date()
        rows.add_code(student_id, sealed_code(key, coded, beside, version=version, today=today), version)
        rows.add_tags(student_id, one.source, self._vault.tags.of_identity(record.identity))
        rows.add_enrollments(student_id, enrolled)
        if one.source_tag is not None:
            rows.add_source_id(student_id, key, one.source_tag, one.content_tag, one.read_mark)
        if facts is not None:
            rows.facts.append(facts)
        left_now = known is not None and one.source == OWN and left is not None and left_in(before) is None
        return Stored(student_id, known is None, version, facts_version, one.custodian_id, key, left_now)

    def _know_time_zones(self, connection: Connection, ids: set[UUID]) -> None:
        unknown = ids - set(self._time_zones)
        if unknown:
            found = rows_once(connection, _ORGANISATIONS, {"ids": sorted(unknown)})
            self._time_zones |= {row.id: Organisation.model_validate_json(row.whole).time_zone for row in found}


_ORGANISATIONS = select(OrganisationRow.id, OrganisationRow.whole).where(OrganisationRow.id.in_(bindparam("ids", expanding=True)))


def _record_of(parts: list[Part]) -> StudentRecord | None:
    return record_of(merged(parts)) if parts else None


def _merged_with(parts: list[Part], record: StudentRecord) -> StudentRecord:
    """The record with what other sources have said of the student."""
    return record_of(merged(parts)) if len({part.source for part in parts}) > 1 else record


def _divided(one: Arriving, before: list[Part], record: StudentRecord) -> tuple[StudentRecord, StudentRecord, Left | None]:
    """What the source says, with the statements that stand about it; what of it is stored; and what is left with the source's system."""
    stored = _record_of([part for part in before if part.source == one.source])
    held, statements = left_in(before), () if stored is None else stored.statements
    if one.source != OWN:
        record = with_statements(record, statements)
        return record, record, held
    record = with_statements(record, joined(statements, () if held is None else held.statements))
    said = held if one.left == "as-before" else one.left
    if said is None:
        return record, record, None
    kept, left = divided(record, now_left(said, held, record))
    if held is not None and said is held:  # statements about what is with the source are not in what somebody else loads
        left = left.model_copy(update={"statements": joined(left.statements, held.statements)})
    return record, kept, left


def _enrolled(one: Arriving, known: HeldStudent | None) -> tuple[EnrolledAt, ...]:
    """The node's own load says all of the enrolments here; a received record only adds the one of its request."""
    if one.source == OWN or known is None:
        return one.enrolled
    added = {(e.organisation_id, e.entry_date) for e in one.enrolled}
    return (*(e for e in known.enrolled if (e.organisation_id, e.entry_date) not in added), *one.enrolled)
