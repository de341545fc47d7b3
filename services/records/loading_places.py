"""Where a loaded student belongs: schools that a record names, resolved among the organisations of whoever loads, and nowhere else."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.record import OrganisationReference
from safepassage.record.enrollment import Enrollment
from safepassage.record.loads import LoadedRecord
from services.records.formats.numbered_organisations import NumberedOrganisations, Numbers
from services.records.subject_facts import EnrolledAt
from services.records.tables import OrganisationRow
from shared.tenancy import within

DAY: Final = timedelta(days=1)


@dataclass(frozen=True)
class Belonging:
    """What a record says of where the student is, in terms of this node."""

    custodian_id: UUID
    """The district of the present enrolment, or else whoever loads."""
    enrolled: tuple[EnrolledAt, ...]
    unresolved: bool
    """A present enrolment, or all of them, did not resolve: the student is loaded and nobody below sees it yet."""


class Places:
    """The organisations that one loader may load for: its own and those below it."""

    def __init__(self, loader_id: UUID, rows: Iterable[OrganisationRow]) -> None:
        self._loader_id = loader_id
        self._rows = {row.id: row for row in rows if row.kind in ("sea", "lea", "school")}
        self._numbered = NumberedOrganisations(self._rows.values())
        known_by = sorted(f"{row.id}{row.kind}{row.parent_id}{(row.nces_id, row.state_id)}" for row in self._rows.values())
        several = sorted(f"{row.id}{row.valid_from}{row.valid_until}" for row in self._numbered.shared)
        self.mark = sha256("\0".join([str(loader_id), *known_by, *several]).encode()).digest()
        """By which the same organisations are known: 32 bytes."""

    @classmethod
    async def of(cls, tx: AsyncSession, loader_id: UUID) -> "Places":
        """Read the loader's part of the tree."""
        query = select(OrganisationRow).where(OrganisationRow.id.in_(within(OrganisationRow, loader_id)))
        return cls(loader_id, (await tx.execute(query)).scalars())

    def find(self, reference: OrganisationReference, on: date, *, district: OrganisationReference | None = None) -> OrganisationRow | None:
        """The organisation that a record names by NCES id, state id or its source's own id; None if it is not one of the loader's.

        on        of several that follow one another with one id that of this day
        district  named with a school: of several schools with one id its own

        INVARIANT: a reference never resolves to an organisation that is not below the loader: who loads cannot place a student elsewhere.
        Nor to one of several of which it may be another.
        """
        return self._numbered.find(_numbers(reference), on, within=None if district is None else _numbers(district))

    def today(self, now: datetime) -> date:
        """The day that it is where the loader is; by UTC where that is not known."""
        loader = self._rows.get(self._loader_id)
        return now.astimezone(ZoneInfo("UTC" if loader is None else loader.organisation.time_zone)).date()

    def belonging(self, record: LoadedRecord, today: date) -> Belonging:
        """Where the student of `record` belongs."""
        resolved, found, lost = [], [], False
        for one in (record.enrollment.enrollments or ()) if record.enrollment else ():
            where, holds = self.find(one.school, _day_of(one, today), district=one.district), _holds(one, today)
            if where is None:
                lost = lost or holds
                continue
            resolved.append((one, where))
            if holds:
                found.append((one, where))
        latest = max(found or resolved, key=lambda pair: pair[0].entry_date, default=None)
        custodian_id = self._district_of(latest[1]) if latest else self._district_of(self._rows.get(self._loader_id))
        enrolled = {(where.id, one.entry_date): EnrolledAt(where.id, one.entry_date, one.exit_date) for one, where in resolved}
        return Belonging(custodian_id, tuple(enrolled.values()), unresolved=lost or not resolved)

    def _district_of(self, row: OrganisationRow | None) -> UUID:
        if row is None:
            return self._loader_id
        return row.parent_id if row.kind == "school" and row.parent_id is not None else row.id


def _numbers(reference: OrganisationReference) -> Numbers:
    return Numbers(reference.nces_id, reference.state_id, reference.local_id)


def _day_of(enrollment: Enrollment, today: date) -> date:
    """Today, or the day of the enrolment that is nearest to it."""
    return max(enrollment.entry_date, min(today, enrollment.exit_date or today))


def same_until(enrollments: Iterable[Enrollment], today: date) -> date:
    """The last day on which the same of these hold as `today`."""
    turns = (one.entry_date - DAY if one.entry_date > today else one.exit_date for one in enrollments)
    return min((day for day in turns if day is not None and day >= today), default=date.max)


def _holds(enrollment: Enrollment, today: date) -> bool:
    return enrollment.entry_date <= today and (enrollment.exit_date is None or enrollment.exit_date >= today)
