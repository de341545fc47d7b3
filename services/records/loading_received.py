"""A child whose record came from another state before the own roster did: the roster's student is that child, not a second one.

Only where matching is certain: name and date of birth agree, the enrolment that the other record was filed under is at the very school, and
no twin is in sight. Otherwise a new student is made and the load report says so, for a person to look at.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Connection, bindparam, literal_column, select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.record import StudentRecord
from safepassage.wire_exchange import PersonSelector
from services.records.child_here import match_with_unions
from services.records.loading import Arriving
from services.records.matching import Certain, Match, NoCandidate
from services.records.matching_candidates import candidates_of, name_tags
from services.records.tables import OWN, EnrollmentRow, SectionRow, SourceIdRow, TagRow
from services.records.vault import Vault
from shared import prepared

HERE = "000000000000"
"""Stands for "at the very school" on both sides: no school has this NCES id."""


@dataclass(frozen=True)
class ReceivedBefore:
    """What is known of one arriving student: the student that it is, or that it may be one who is here."""

    student_id: UUID | None
    doubtful: bool


async def received_before(tx: AsyncSession, vault: Vault, arriving: Sequence[Arriving]) -> dict[int, ReceivedBefore]:
    """By place in `arriving`, those who are, or may be, students whom only another state's record made known here."""
    if not await tx.run_sync(lambda session: prepared.rows(session.connection(), _BROUGHT)):
        return {}
    sought = {place: found for place, one in enumerate(arriving) if (found := _description_of(one)) is not None}
    made = vault.tags
    tags = {place: name_tags(made, one.first, one.last, one.born) for place, one in sought.items()}
    every = list(frozenset().union(*tags.values()))
    near = await tx.run_sync(lambda session: prepared.rows(session.connection(), NEAR, {"tags": every})) if every else []
    result = {}
    for place, one in sought.items() if near else ():
        schools = {enrolled.organisation_id for enrolled in arriving[place].enrolled}
        same_school = {row.student_id for row in near if row.tag in tags[place] and row.organisation_id in schools}
        if same_school:
            result[place] = await _judged(tx, vault, one.selector(), same_school)
    taken = Counter(found.student_id for found in result.values())
    # INVARIANT: two who arrive are never made one student: then a person looks.
    settled = {
        place: found if taken[found.student_id] == 1 or found.student_id is None else ReceivedBefore(None, doubtful=True)
        for place, found in result.items()
    }
    return {place: found for place, found in settled.items() if found.student_id is not None or found.doubtful}


_BROUGHT = select(SectionRow.student_id).where(SectionRow.source != literal_column(f"'{OWN}'")).limit(1)
"""Whether any record here came from another state. With the word itself: for one that is bound, the partial index is of no use."""
_OF_A_ROSTER = select(SourceIdRow.tag).where(SourceIdRow.student_id == TagRow.student_id).limit(1).scalar_subquery()
NEAR = (
    select(TagRow.tag, TagRow.student_id, EnrollmentRow.organisation_id)
    .join(EnrollmentRow, EnrollmentRow.student_id == TagRow.student_id)
    .where(TagRow.tag.in_(bindparam("tags", expanding=True)), _OF_A_ROSTER.is_(None))
)
"""Who has one of these tags, came from another state alone, and where they are enrolled.

The roster's id is asked of each student: of what does not exist PostgreSQL makes a join with the ids of everybody, after all tags.
"""


class _Description(NamedTuple):
    """How a record describes the child."""

    first: str
    middle: str | None
    last: str
    born: date

    def selector(self) -> PersonSelector:
        """For matching within the school."""
        return PersonSelector(
            first_name=self.first, middle_name=self.middle, last_name=self.last, birth_date=self.born, former_school_nces_id=HERE
        )


async def _judged(tx: AsyncSession, vault: Vault, selector: PersonSelector, student_ids: set[UUID]) -> ReceivedBefore:
    def look(connection: Connection) -> Match:
        found = candidates_of(connection, vault, student_ids)
        return match_with_unions(connection, selector, [replace(candidate, schools=frozenset({HERE})) for candidate in found])

    outcome = await tx.run_sync(lambda session: look(session.connection()))
    if isinstance(outcome, Certain):
        return ReceivedBefore(outcome.student_id, doubtful=False)
    return ReceivedBefore(None, doubtful=not isinstance(outcome, NoCandidate))


def _description_of(one: Arriving) -> _Description | None:
    """None where the record says too little, or the student is known."""
    record: StudentRecord = one.record
    name = record.identity.name if record.identity else None
    born = record.identity.birth_date if record.identity else None
    if one.student_id is not None or not one.enrolled or name is None or name.first is None or born is None:
        return None
    several = record.identity.multiple_birth if record.identity else None
    if several is not None and several.indicator:
        return None
    last = " ".join(part for part in (name.last_1, name.last_2) if part)
    return _Description(name.first, name.middle, last[:200], born.birth_date)
