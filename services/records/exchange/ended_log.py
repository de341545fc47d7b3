"""A log of this node's own was ended by its operator, since its last entries are lost: records is told so, and goes on.

Without it nothing would leave any more as soon as audit answers less than it has answered before (own_log).
"""

from sqlalchemy import delete, select

from services.records.tables import PeerLogRow
from shared.database import Database
from shared.settings import ServiceSettings


async def let_own_log_end(settings: ServiceSettings, *, origin: str) -> int:
    """Forget how far the log `origin` had come. Gives how many entries records had seen of it, 0 for none; it is stopped meanwhile."""
    row = PeerLogRow
    database = Database.of(settings)
    try:
        async with database.transaction() as tx:
            forgotten = delete(row).where(row.node == settings.entity_id, row.origin == origin).returning(row.size)
            return int((await tx.execute(forgotten)).scalar_one_or_none() or 0)
    finally:
        await database.close()


async def kept_of_own_log(settings: ServiceSettings) -> str | None:
    """The largest checkpoint of the newest log of this node that audit has answered to records; None where there is none."""
    row = PeerLogRow
    database = Database.of(settings)
    try:
        async with database.reading() as tx:
            note: str | None = await tx.scalar(select(row.note).where(row.node == settings.entity_id).order_by(row.origin.desc()).limit(1))
            return note
    finally:
        await database.close()
