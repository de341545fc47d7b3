"""Rates in the store: what each process let through, summed up each second and told to each (services.gateway.door.shared_rates)."""

import asyncio
import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from fastapi import FastAPI
from sqlalchemy import Connection, delete, select

from services.gateway.door.shared_rates import SharedRates
from services.gateway.tables import RateUseRow
from shared.clock import Clock
from shared.database import Database
from shared.inserts import insert_of

log = logging.getLogger(__name__)

EVERY_SECONDS = 1.0
KEPT: Final = timedelta(minutes=1)


async def share(rates: SharedRates, database: Database, clock: Clock) -> None:
    """Add what was counted here to the store, and learn what was counted everywhere. Where there is nothing to add nothing is written."""
    told = [(rate, rate.hand_over()) for rate in rates.both]
    together = {holder: count for _, some in told for holder, count in some.items()}
    if together:
        try:
            await database.write(lambda connection: add(connection, together, now=clock()))
        except Exception:
            for rate, some in told:
                rate.take_back(some)
            raise
        for rate, some in told:
            rate.added(some)
    sums = await database.look(_sums)
    for rate in rates.both:
        rate.know(sums, clock().timestamp())


def add(connection: Connection, told: Mapping[str, int], *, now: datetime) -> None:
    """INVARIANT: added, never set: processes that sum up at the same time lose nothing. In one order, so that none waits for another."""
    insert = insert_of(connection.dialect.name, RateUseRow)
    added = insert.on_conflict_do_update(
        index_elements=["holder"], set_={"used": RateUseRow.used + insert.excluded.used, "changed_at": insert.excluded.changed_at}
    )
    connection.execute(added, [{"holder": holder, "used": told[holder], "changed_at": now} for holder in sorted(told)])
    connection.execute(delete(RateUseRow).where(RateUseRow.changed_at < now - KEPT))


def _sums(connection: Connection) -> dict[str, int]:
    return {row.holder: row.used for row in connection.execute(select(RateUseRow.holder, RateUseRow.used))}


async def keep_sharing(app: FastAPI) -> None:
    """Each second: a lifespan task of each process, where there may be others."""
    state = app.state
    while True:
        await asyncio.sleep(EVERY_SECONDS)
        try:
            await share(state.door.rates, state.database, state.clock)
        except Exception as error:
            log.error("rates were not shared", extra={"fault": type(error).__name__})  # noqa: TRY400 its text may hold a value
