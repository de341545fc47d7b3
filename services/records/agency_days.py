"""What day it is where the state agency is. By its calendar enrolments, programmes and agreements begin and end: at no midnight of UTC.

A child in Hawaii is enrolled until the evening of the last day, and one in Guam from the morning of the first.
"""

from datetime import date, datetime, timedelta
from typing import Annotated, Final
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from fastapi import Depends, Request
from sqlalchemy import select

from services.records.tables import OrganisationRow
from shared.clock import Now
from shared.database import Database

ASKED_EVERY: Final = timedelta(minutes=1)
"""So late a process learns that the agency was given another zone."""


class AgencyDays:
    """The calendar of the state agency that runs the node; that of UTC until gateway has told of the agency."""

    def __init__(self, database: Database, organisation_id: UUID) -> None:
        self._database, self._organisation_id = database, organisation_id
        self._zone: ZoneInfo | None = None
        self._asked_at: datetime | None = None

    async def today(self, now: datetime) -> date:
        """The day that it is there."""
        if self._zone is None or self._asked_at is None or not self._asked_at <= now < self._asked_at + ASKED_EVERY:
            self._zone, self._asked_at = await self._of_agency(), now
        return now.astimezone(self._zone or ZoneInfo("UTC")).date()

    async def _of_agency(self) -> ZoneInfo | None:
        async with self._database.reading() as tx:
            row = await tx.scalar(select(OrganisationRow).where(OrganisationRow.id == self._organisation_id))
        try:
            return None if row is None else ZoneInfo(row.organisation.time_zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            return None


async def _today(request: Request, now: Now) -> date:
    days: AgencyDays = request.app.state.days
    return await days.today(now)


Today = Annotated[date, Depends(_today)]
