"""A lease: of several replicas, one does the work. A row names the holder, until when, and a fence that only grows."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Mapped, mapped_column

from shared.columns import Milliseconds
from shared.database import Database
from shared.inserts import insert_into


class LeaseColumns:
    """A row per kind of work. A service's LeaseRow has these columns."""

    __tablename__ = "lease"

    name: Mapped[str] = mapped_column(primary_key=True)
    holder: Mapped[str]
    fence: Mapped[int]
    expires_at: Mapped[datetime] = mapped_column(Milliseconds)


async def take_lease(database: Database, row: type[LeaseColumns], *, name: str, holder: str, now: datetime, lasts: timedelta) -> int | None:
    """Take or prolong the lease `name` for `holder`. Gives its fence, or None while somebody else holds it.

    The fence grows whenever the holder changes; a write that carries an older one is refused by whoever checks it.
    """
    async with database.transaction() as tx:
        blank = {"name": name, "holder": "", "fence": 0, "expires_at": now}
        await tx.execute(insert_into(tx, row).values(**blank).on_conflict_do_nothing())
        held = (await tx.execute(select(row).where(row.name == name).with_for_update())).scalar_one()
        if held.holder != holder and held.holder and held.expires_at > now:
            return None
        if held.holder != holder:
            held.holder, held.fence = holder, held.fence + 1
        held.expires_at = now + lasts
        return held.fence
