"""Daily quotas in the store: summed up over all processes each second, told to each, and put on the log when one is reached."""

import asyncio
import logging
from collections.abc import Collection
from datetime import date, timedelta
from typing import Final, cast
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import FastAPI
from sqlalchemy import Connection, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.gateway.door.allowances import Allowances
from services.gateway.door.quotas import Came, Key, QuotaName, Quotas, Uses, quotas_of
from services.gateway.limit_settings import LimitSettings
from services.gateway.registry.in_force import AGENCY, zone_of
from services.gateway.tables import QuotaLimitRow, QuotaUseRow
from shared.clock import Clock
from shared.contracts.audit import Actor, Context, Event
from shared.database import Database
from shared.inserts import insert_into, insert_of
from shared.outbox import Outbox

log = logging.getLogger(__name__)

EVERY_SECONDS = 1.0
KEPT: Final = timedelta(days=31)
_DOOR = Actor(kind="system", job="gateway-door")


async def sum_up(allowances: Allowances, database: Database, outbox: Outbox, clock: Clock) -> None:
    """Add what was counted here to the store, and learn what was counted everywhere. What cannot be stored is counted again."""
    quotas = allowances.quotas
    uses, reached = quotas.hand_over(clock().timestamp())
    try:
        if uses:
            await database.write(lambda connection: add(connection, uses))
            uses = {}
        came = await learn(quotas, database)
        allowances.know(came, clock().timestamp())
    except Exception:
        quotas.take_back(uses, reached)
        raise
    if reached:
        try:
            async with database.transaction() as tx:
                await _tell(tx, outbox, reached)
        except Exception:
            quotas.take_back({}, reached)
            raise


async def learn(quotas: Quotas, database: Database) -> Came:
    """What all processes have let through, whose limits are other ones, and in which time zone the days are. Gives what has come since."""
    sums, others, zone = await database.look(lambda connection: (_sums(connection, quotas.today), _others(connection), _zone(connection)))
    return quotas.know(sums, others, zone)


async def open_quotas(settings: LimitSettings, database: Database, clock: Clock) -> Quotas:
    """Of a process that starts: it knows what was had before in the day, and counts none of it at the rates."""
    quotas = Quotas(quotas_of(settings), await database.look(_zone), clock())
    await learn(quotas, database)
    return quotas


def add(connection: Connection, uses: Uses) -> None:
    """INVARIANT: added, never set: processes that sum up at the same time lose nothing. In one order, so that none waits for another."""
    for holder, quota, day in sorted(uses):
        insert = insert_of(connection.dialect.name, QuotaUseRow)
        row = {"holder_id": holder, "quota": quota, "day": day, "used": uses[holder, quota, day], "reached": False}
        added = insert.values(row).on_conflict_do_update(
            index_elements=["holder_id", "quota", "day"], set_={"used": QuotaUseRow.used + insert.excluded.used}
        )
        connection.execute(added)
    newest = max(day for _, _, day in uses)
    connection.execute(delete(QuotaUseRow).where(QuotaUseRow.day < newest - KEPT))


def _sums(connection: Connection, today: date) -> Uses:
    rows = connection.execute(select(QuotaUseRow.holder_id, QuotaUseRow.quota, QuotaUseRow.used).where(QuotaUseRow.day == today))
    return {(row.holder_id, cast("QuotaName", row.quota), today): row.used for row in rows}


def _others(connection: Connection) -> dict[Key, int]:
    rows = connection.execute(select(QuotaLimitRow.holder_id, QuotaLimitRow.quota, QuotaLimitRow.per_day))
    return {(row.holder_id, cast("QuotaName", row.quota)): row.per_day for row in rows}


def _zone(connection: Connection) -> ZoneInfo:
    """Of the node: its state agency's."""
    return zone_of(connection.execute(select(AGENCY)).scalar_one())


async def _tell(tx: AsyncSession, outbox: Outbox, reached: Collection[tuple[UUID, QuotaName, date]]) -> None:
    """An entry for each quota and day, whichever process is first to say so."""
    for holder, quota, day in sorted(reached):
        unused = {"holder_id": holder, "quota": quota, "day": day, "used": 0, "reached": False}
        await tx.execute(insert_into(tx, QuotaUseRow).values(unused).on_conflict_do_nothing())
        mine = (QuotaUseRow.holder_id == holder, QuotaUseRow.quota == quota, QuotaUseRow.day == day, QuotaUseRow.reached.is_(False))
        first = update(QuotaUseRow).where(*mine).values(reached=True).returning(QuotaUseRow.holder_id)
        if (await tx.execute(first)).scalar_one_or_none() is None:
            continue
        kind = quota.partition("-")[0]
        context = Context(operation="quota-reached", outcome="refused", reason=quota, about=f"{kind}:{holder}")
        outbox.record(tx, Event(class_="refusal", key=f"quota:{day}:{quota}:{holder}", actor=_DOOR, context=context))


async def keep_summing_up(app: FastAPI) -> None:
    """Each second: a lifespan task of each process."""
    state = app.state
    while True:
        await asyncio.sleep(EVERY_SECONDS)
        try:
            await sum_up(state.door.allowances, state.database, state.outbox, state.clock)
        except Exception as error:
            log.error("quotas were not summed up", extra={"fault": type(error).__name__})  # noqa: TRY400 its text may hold a value
