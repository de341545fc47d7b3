"""A lease: of several replicas, one does the work. A row names the holder, until when, and a fence that only grows."""

from datetime import datetime, timedelta
from typing import Final, TypeVar

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from shared.columns import Milliseconds
from shared.database import Database
from shared.inserts import insert_into

SILENT_SECONDS: Final = 8
"""Of PostgreSQL: whoever stands still with the lease's row in hand loses it, or the lease would end and nobody could take it."""

Lease = TypeVar("Lease", bound="LeaseColumns")


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
        held = await lock_lease(tx, row, name)
        if held.holder != holder and held.holder and held.expires_at > now:
            return None
        if held.holder != holder:
            held.holder, held.fence = holder, held.fence + 1
        held.expires_at = now + lasts
        return held.fence


async def lock_lease(tx: AsyncSession, row: type[Lease], name: str) -> Lease:
    """The lease's row, locked until the transaction ends, at most SILENT_SECONDS after the last word of who has it."""
    if tx.get_bind().dialect.name == "postgresql":
        await tx.execute(text(f"SET LOCAL idle_in_transaction_session_timeout = '{SILENT_SECONDS}s'"))
    return (await tx.execute(select(row).where(row.name == name).with_for_update())).scalar_one()
