"""That the receiving organisation's own system has what came: it is the record's keeper then, and the node's copy can go by and by.

A person who reads, or the state agency's system, is not whom it was sent to: that collects nothing.
"""

from datetime import datetime, timedelta

from sqlalchemy import update

from services.records.destroying import Collected, Destroying, over
from services.records.exchange.exchange import Exchange
from services.records.shredding import Shredder
from services.records.tables import ExchangeRequestRow
from shared.caller import Caller

OWN: frozenset[str] = frozenset({"lea", "school"})
"""Kinds of organisations that keep a student's record themselves."""


def collects(row: ExchangeRequestRow, caller: Caller) -> bool:
    """Whether a read of what came is its collection: by a system, of the receiving organisation or of the district above it."""
    of_receiver = caller.organisation_id == row.receiving_organisation_id or caller.kind in OWN
    return of_receiver and caller.claims.person is None


async def note_collection(exchange: Exchange, row: ExchangeRequestRow, caller: Caller, now: datetime) -> None:
    """Keep when it was collected first. Nothing changes at a second time."""
    if row.collected_at is not None or not collects(row, caller):
        return
    first = update(ExchangeRequestRow).where(ExchangeRequestRow.id == row.id, ExchangeRequestRow.collected_at.is_(None))
    await exchange.database.write(lambda connection: connection.execute(first.values(collected_at=now)))


async def destroy_collected(exchange: Exchange) -> Collected | None:
    """What was collected so many days ago as the settings say goes, as by `shred collected`; None where they say nothing.

    Raises TemporarilyUnavailable: what was not asked about stays.
    """
    days = exchange.settings.shred_collected_after_days
    if days is None:
        return None
    shredder = Shredder(
        exchange.vault, exchange.outbox, exchange.clock, about=f"collected:P{days}D", jurisdiction=exchange.settings.jurisdiction
    )
    destroying = Destroying(exchange.database, shredder, over(exchange.siblings))
    return await destroying.collected_before(exchange.clock() - timedelta(days=days))
