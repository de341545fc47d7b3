"""What day it is where the state agency is. By its calendar enrolments, programmes and agreements begin and end: at no midnight of UTC.

A child in Hawaii is enrolled until the evening of the last day, and one in Guam from the morning of the first.
"""

from contextlib import suppress
from datetime import date, datetime
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from fastapi import Depends, Request
from sqlalchemy import select

from services.records.tables import OrganisationRow
from shared.database import Database
from shared.request_clock import Now


class AgencyDays:
    """The calendar of the state agency that runs the node; that of UTC until gateway has told of the agency, and `look` was called.

    # INVARIANT: a request does not ask the store for it: what an answer takes would tell of the caller before.
    """

    def __init__(self, database: Database, organisation_id: UUID) -> None:
        self._database, self._organisation_id = database, organisation_id
        self._zone = ZoneInfo("UTC")

    async def look(self) -> None:
        """Learn in which zone the agency is: at the start, and each minute, as an operator may change it."""
        async with self._database.reading() as tx:
            row = await tx.scalar(select(OrganisationRow).where(OrganisationRow.id == self._organisation_id))
        if row is not None:
            with suppress(ZoneInfoNotFoundError, ValueError, OSError):
                self._zone = ZoneInfo(row.organisation.time_zone)

    @property
    def zone(self) -> ZoneInfo:
        """The agency's time zone."""
        return self._zone

    def today(self, now: datetime) -> date:
        """The day that it is there."""
        return now.astimezone(self._zone).date()


async def _today(request: Request, now: Now) -> date:
    days: AgencyDays = request.app.state.days
    return days.today(now)


Today = Annotated[date, Depends(_today)]
