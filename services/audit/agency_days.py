"""The calendar of the state agency that runs the node: its days are those of its terms and of its working hours."""

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.audit.tables import OrganisationRow
from shared.database import Database


async def agency_zone(database: Database) -> ZoneInfo:
    """The time zone of the state agency that runs the node; UTC until the organisations are known."""
    async with database.reading() as tx:
        return await zone_of_agency(tx)


async def zone_of_agency(tx: AsyncSession) -> ZoneInfo:
    """The same, for who reads already."""
    row = await agency_of_node(tx)
    try:
        return ZoneInfo("UTC" if row is None else row.organisation.time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


async def agency_of_node(tx: AsyncSession) -> OrganisationRow | None:
    """The state agency that runs the node; None until the organisations are known."""
    query = select(OrganisationRow).where(OrganisationRow.kind == "sea", OrganisationRow.parent_id.is_(None)).order_by(OrganisationRow.id)
    return await tx.scalar(query.limit(1))
