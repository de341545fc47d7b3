"""Whether a transaction waits for a row that another one has, as the server itself says."""

from sqlalchemy import text

from shared.database import Database

_WAITING = text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")


async def somebody_waits(database: Database) -> bool:
    """In the database of the store."""
    async with database.engine.connect() as looking:
        return bool(await looking.scalar(_WAITING))
