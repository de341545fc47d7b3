"""Whether an organisation is in force: from midnight to midnight of the state agency that runs the node, as its agreements are.

The agency's time zone is read with the organisation, in the same query: no process ever goes by another day than the register's.
"""

from datetime import date, datetime
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import literal_column, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from safepassage.wire_organisations import Organisation
from services.gateway.tables import OrganisationRow

_AGENCY: Final = aliased(OrganisationRow)
AGENCY: Final = select(_AGENCY.whole).where(_AGENCY.kind == literal_column("'sea'")).scalar_subquery().label("agency")
"""The state agency as it is stored, beside whatever is asked for; a literal, so that the index of the one state agency is used."""
IN_FORCE: Final = (OrganisationRow.valid_from, OrganisationRow.valid_until, AGENCY)
"""Of an organisation, what `is_in_force` goes by."""


@lru_cache(maxsize=8)
def zone_of(agency: str | None) -> ZoneInfo:
    """The time zone of the state agency as it is stored; UTC before there is one."""
    try:
        return ZoneInfo("UTC" if agency is None else Organisation.model_validate_json(agency).time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


async def agency_zone(tx: AsyncSession) -> ZoneInfo:
    """The same, from the store."""
    return zone_of((await tx.execute(select(AGENCY))).scalar_one())


def is_in_force(row: Any, now: datetime) -> bool:
    """Whether the organisation of a row with the columns `IN_FORCE` exists."""
    return is_there(row.valid_from, row.valid_until, day_in(zone_of(row.agency), now))


def is_there(valid_from: date, valid_until: date | None, today: date) -> bool:
    """Whether an organisation exists on a day; `valid_until` is the first day on which it does not."""
    return valid_from <= today and (valid_until is None or today < valid_until)


def day_in(zone: ZoneInfo, now: datetime) -> date:
    """The day that it is in a time zone."""
    return now.astimezone(zone).date()
