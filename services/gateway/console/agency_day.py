"""The day by which agreements and organisations begin and end: the state agency's, wherever the reader is (decision 94)."""

from datetime import date

from services.gateway.console.pages import Frame
from services.gateway.registry.in_force import agency_zone, day_in
from shared.database import Database


async def agency_day(frame: Frame) -> date:
    """The day that it is where the state agency is; by UTC before there is one."""
    database: Database = frame.request.app.state.database
    async with database.reading() as tx:
        return day_in(await agency_zone(tx), frame.viewing.now)
