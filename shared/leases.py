"""A lease: of several replicas, one does the work. A row names the holder, until when, and a fence that only grows."""

from datetime import datetime, timedelta
from typing import Final, TypeVar

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from shared.columns import Milliseconds
from shared.database import Database
from shared.inserts import insert_into

CLOCKS_DIFFER: Final = timedelta(minutes=5)
"""As messages tolerate it. What ends later than a lease and this from now was put down by a clock that went ahead."""

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

    The fence grows whenever the holder changes; a write that carries an older one is refused by whoever checks it. INVARIANT: a lease that
    a clock has put far ahead is none: else who died with it kept everybody from the work for as long as it was ahead (decision 114).
    """
    async with database.transaction() as tx:
        blank = {"name": name, "holder": "", "fence": 0, "expires_at": now}
        await tx.execute(insert_into(tx, row).values(**blank).on_conflict_do_nothing())
        held = await lock_lease(tx, row, name)
        if held.holder != holder and held.holder and now < held.expires_at <= now + lasts + CLOCKS_DIFFER:
            return None
        if held.holder != holder:
            held.holder, held.fence = holder, held.fence + 1
        held.expires_at = now + lasts
        return held.fence


def is_fresh(until: datetime | None, *, now: datetime, lasts: timedelta) -> bool:
    """Whether a process that took a lease until then need not prolong it yet: half of it is left, and no clock went back meanwhile."""
    return until is not None and until - lasts <= now < until - lasts / 2


async def lock_lease(tx: AsyncSession, row: type[Lease], name: str) -> Lease:
    """The lease's row, locked until the transaction ends, at most SILENT_SECONDS after the last word of who has it."""
    if tx.get_bind().dialect.name == "postgresql":
        await tx.execute(text(f"SET LOCAL idle_in_transaction_session_timeout = '{SILENT_SECONDS}s'"))
    return (await tx.execute(select(row).where(row.name == name).with_for_update())).scalar_one()
