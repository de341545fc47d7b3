"""The students whom an agreement reaches: enrolled today in its districts, of whom privacy has facts, as stored."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from operator import itemgetter
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Integer, Select, and_, bindparam, func, select, type_coerce
from sqlalchemy.types import NullType

from safepassage.elements import BY_ID
from services.records.left_with_source import Left, left_in
from services.records.reading import opened
from services.records.record_sources import LEFT, SENT_IN_PART, STATEMENTS, UNREAD
from services.records.stretches import ALL_IDS, Stretch, first_found, in_stretch
from services.records.tables import EdFiPullRow, EnrollmentRow, OrganisationRow, SectionRow, StudentRow
from services.records.vault import Vault
from services.records.visibility import enrolled_on
from shared.contracts.privacy import Decision
from shared.tenancy import within_any


@dataclass(frozen=True)
class SealedStudent:
    """One student of the page as stored, read in one snapshot: what is decided on is what is released."""

    student_id: UUID
    custodian_id: UUID
    facts_version: int
    wrapped_key: bytes
    changed_at: datetime
    rows: Sequence[Any]


@dataclass(frozen=True)
class Reach:
    """Which students. `places` are the agreement's districts, or schools below them: nothing above narrows who may be read."""

    places: Sequence[UUID]
    today: date
    changed_since: datetime | None = None
    """Changed then or later."""
    student_ids: Sequence[UUID] | None = None

    def condition(self) -> ColumnElement[bool]:
        """On StudentRow, of the stretch that is said when the statement is run (`Stretch.values`)."""
        within = EnrollmentRow.organisation_id.in_(within_any(OrganisationRow, self.places))
        enrolled = select(EnrollmentRow.student_id).where(within, enrolled_on(self.today))
        narrowed = [StudentRow.facts_version > 0]
        if self.student_ids is None:
            # The stretch is the enrolments': or those of everybody in reach would be made a list for the few who are wanted.
            narrowed.append(StudentRow.id.in_(enrolled.where(in_stretch(EnrollmentRow.student_id))))
        else:
            narrowed += [StudentRow.id.in_(self.student_ids), in_stretch(StudentRow.id)]
            narrowed.append(enrolled.where(EnrollmentRow.student_id == StudentRow.id).exists())
        if self.changed_since is not None:
            narrowed.append(StudentRow.changed_at >= self.changed_since)
        return and_(*narrowed)


def counting(reach: Reach) -> Select[int]:
    """How many students of a stretch are in reach."""
    return select(func.count()).select_from(StudentRow).where(reach.condition())


def last_before(connection: Connection, reach: Reach, stretch: Stretch, place: int) -> UUID:
    """After whom the student stands who is at this place of a stretch, counted from 0: after all of the stretch, if it has fewer by now."""
    if place == 0:
        return UUID(int=stretch.after)
    query = select(StudentRow.id).where(reach.condition()).order_by(StudentRow.id).limit(1).offset(place - 1)
    found: UUID | None = connection.execute(query, stretch.values).scalar_one_or_none()
    return UUID(int=stretch.until) if found is None else found


def districts_with_the_rest(connection: Connection, districts: Sequence[UUID]) -> tuple[UUID, ...]:
    """Those of the districts, and of what is below them, that leave their students' records with a system of their own.

    Of these students the node has a part.
    """
    kept, below = EdFiPullRow.keeps != "record", within_any(OrganisationRow, districts)
    query = select(EdFiPullRow.organisation_id).where(EdFiPullRow.organisation_id.in_(below), kept).distinct()
    return tuple(sorted(connection.execute(query).scalars()))


def left_of(vault: Vault, one: SealedStudent) -> Left | None:
    """Whose system has the rest of the student's record; None where the node has all of it."""
    rows = [row for row in one.rows if row.section == LEFT]
    return left_in(opened(vault.data_key(one.student_id, one.wrapped_key), rows)) if rows else None


def left_among(
    vault: Vault, decision: Decision, students: Sequence[SealedStudent], *, wanted: Collection[str]
) -> dict[UUID, frozenset[str]]:
    """Of whom something that is wanted and permitted is with their district's own system, and what."""
    found = dict[UUID, frozenset[str]]()
    for one, outcome in zip(students, decision.subjects, strict=True):
        left = left_of(vault, one) if outcome.permitted else None
        if left is not None and (there := left.gone & set(outcome.permitted) & set(wanted)):
            found[one.student_id] = frozenset(there)
    return found


def students_in_reach(
    connection: Connection, reach: Reach, wanted: Sequence[str], *, after: UUID | None = None, limit: int
) -> list[SealedStudent]:
    """A page of them in the order of their ids, with the sealed sections that hold what is wanted."""
    columns = (StudentRow.id, StudentRow.custodian_id, StudentRow.facts_version, StudentRow.wrapped_key, StudentRow.changed_at)

    query = select(*columns).where(reach.condition()).order_by(StudentRow.id).limit(bindparam("most", type_=Integer))

    def first(stretch: Stretch, most: int) -> Sequence[Any]:
        return connection.execute(query, {**stretch.values, "most": most}).all()

    if reach.student_ids is not None:
        students = first(Stretch(0 if after is None else after.int, ALL_IDS - 1), limit)
    else:
        students = first_found(first, after=after, limit=limit)
    sections = {BY_ID[element].section for element in wanted} | {STATEMENTS, LEFT, UNREAD, SENT_IN_PART}
    # The id as the database gives it, and made a UUID once a student: a thousand students have six thousand rows.
    raw_id = type_coerce(SectionRow.student_id, NullType()).label("raw_id")
    sealed = select(raw_id, SectionRow.section, SectionRow.source, SectionRow.version, SectionRow.sealed)
    sealed = sealed.where(SectionRow.student_id.in_([row.id for row in students]), SectionRow.section.in_(sections))
    rows = connection.execute(sealed.order_by(SectionRow.student_id)).all()
    held = {raw if isinstance(raw, UUID) else UUID(raw): list(those) for raw, those in groupby(rows, key=itemgetter(0))}
    return [
        SealedStudent(row.id, row.custodian_id, row.facts_version, row.wrapped_key, row.changed_at, held.get(row.id, ()))
        for row in students
    ]
