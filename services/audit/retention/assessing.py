"""What a destruction would come to: each school year with what is there, and why it is kept if it is."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.canonical import digest_of_json
from safepassage.wire_retention import DestructionPreview, PreviewedYear
from services.audit.agency_days import zone_of_agency
from services.audit.retention.holds import holds_in_force
from services.audit.retention.rules import kept_of_node, kept_of_student, records_have_ended
from services.audit.retention.units import NodeYear, StudentYear, node_years, student_years, told_of_end
from services.audit.school_years import key_epoch
from services.audit.subject_keys import SubjectKeys


class Named(NamedTuple):
    """What somebody wants destroyed, and by what it is shown that it may be."""

    student: UUID | None
    school_years: Sequence[int]
    records_ended_on: date | None
    clearance_id: UUID | None


class Assessed(NamedTuple):
    """A school year: what is said of it, and what is there."""

    said: PreviewedYear
    there: StudentYear | NodeYear

    @property
    def kept(self) -> bool:
        """Something keeps it."""
        return bool(self.said.kept_because)


async def ended(tx: AsyncSession, keys: SubjectKeys, named: Named, now: datetime) -> bool:
    """Whether it is shown that the student's education records exist no more."""
    if named.student is None or named.clearance_id is None:
        return False
    told = await told_of_end(tx, keys, named.student, named.clearance_id)
    return records_have_ended(told, ended_on=named.records_ended_on, zone=await zone_of_agency(tx), now=now)


async def assess(
    tx: AsyncSession, keys: SubjectKeys, named: Named, *, years: Mapping[str, int], last_t: int, now: datetime
) -> list[Assessed]:
    """Every school year that is named and has something.

    years   by class of entry, how long it is kept
    last_t  time of the log's newest entry, whole seconds
    """
    holds, log_year, zone = await holds_in_force(tx, keys), key_epoch(last_t), await zone_of_agency(tx)
    found = []
    if named.student is None:
        for node in await node_years(tx, keys, named.school_years):
            kept = kept_of_node(
                node.school_year,
                pages_of_students=node.pages_of_students,
                holds=holds,
                years=years,
                log_year=log_year,
                zone=zone,
                now=now,
            )
            said = PreviewedYear(
                school_year=node.school_year, entries=node.entries, index_rows=0, kept_because=kept.because, holds=kept.holds
            )
            found.append(Assessed(said, node))
        return found
    records_ended = await ended(tx, keys, named, now)
    for there in await student_years(tx, keys, named.student, named.school_years):
        kept = kept_of_student(
            there.entries,
            student=named.student,
            school_year=there.school_year,
            records_ended=records_ended,
            copy_owed=there.copy_owed,
            holds=holds,
            years=years,
            log_year=log_year,
            zone=zone,
            now=now,
        )
        said = PreviewedYear(
            school_year=there.school_year,
            entries=len(there.entries),
            index_rows=len(there.rows),
            kept_because=kept.because,
            holds=kept.holds,
        )
        found.append(Assessed(said, there))
    return found


def preview_of(assessed: Sequence[Assessed], asked_for: Collection[int]) -> DestructionPreview:
    """The preview; a school year that was asked for and has no key says that nothing is sealed."""
    said = {one.said.school_year: one.said for one in assessed}
    for school_year in asked_for:
        said.setdefault(school_year, PreviewedYear(school_year=school_year, entries=0, index_rows=0, kept_because=("nothing-sealed",)))
    years = tuple(said[school_year] for school_year in sorted(said))
    return DestructionPreview(years=years, digest=digest_of_json([year.model_dump(mode="json") for year in years]))
