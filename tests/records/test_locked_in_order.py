"""Students are locked in one order by whoever loads, destroys or unites: on PostgreSQL nobody waits in a circle."""

import asyncio
from collections.abc import Awaitable
from functools import partial
from uuid import UUID

import pytest
from sqlalchemy import bindparam, select, text

from services.records.shredding import Shredded
from services.records.tables import StudentRow
from services.records.unions import unite
from tests.postgres.waiting import somebody_waits
from tests.records.conftest import NOON
from tests.records.test_shredding import keys, own, shredder
from tests.records.test_storing import Store, arriving, store
from tests.records.whole_record import whole_record

__all__ = ["keys", "own", "store"]

pytestmark = [pytest.mark.anyio, pytest.mark.postgres, pytest.mark.parametrize("store", ["postgresql"], indirect=True)]

SECONDS = 30


async def loaded(own: Store, count: int) -> list[UUID]:
    return [one.student_id for one in await own.store(*[arriving(whole_record(start=10_000 * n)) for n in range(count)])]


async def load(own: Store, ids: list[UUID]) -> None:
    await own.store(*[arriving(whole_record(start=10_000), student_id=one) for one in ids])


async def destroy(own: Store, student_id: UUID) -> None:
    async with own.database.transaction() as tx:
        await shredder(own).student(tx, student_id)


async def destroy_copy(own: Store, exchange_id: UUID) -> Shredded:
    async with own.database.transaction() as tx:
        return await shredder(own).copy(tx, exchange_id)


async def wait_until_somebody_waits(own: Store) -> None:
    async with asyncio.timeout(SECONDS):
        while not await somebody_waits(own.database):  # noqa: ASYNC110 the server says so
            await asyncio.sleep(0.01)


async def require_lowest_first(own: Store, ids: list[UUID], work: Awaitable[object]) -> None:
    """That `work`, which wants all of these, has none while it waits for the one with the lowest id. That one lies last in the table."""
    lowest, *others = sorted(ids)
    async with own.database.transaction() as tx:
        await tx.execute(text("UPDATE student SET changed_at = changed_at WHERE id = :id"), {"id": lowest})
    async with own.database.engine.connect() as holding, own.database.engine.connect() as other:
        await holding.execute(_ONE.with_for_update(), {"id": lowest})
        working = asyncio.ensure_future(work)
        await wait_until_somebody_waits(own)
        try:
            for one in others:
                await other.execute(_ONE.with_for_update(nowait=True), {"id": one})
        finally:
            await other.rollback()
            await holding.rollback()
            async with asyncio.timeout(SECONDS):
                await working


_ONE = select(StudentRow.id).where(StudentRow.id == bindparam("id"))


async def test_a_load_waits_for_the_first_of_its_students_and_holds_no_other_meanwhile(own: Store) -> None:
    ids = await loaded(own, 5)
    await require_lowest_first(own, ids, load(own, ids[::-1]))


async def test_who_is_destroyed_is_locked_with_the_other_records_of_the_child(own: Store) -> None:
    ids = sorted(await loaded(own, 4))
    for other in ids[:-1]:
        await own.database.write(partial(unite, leading_id=ids[-1], other_id=other, by="test", now=NOON))
    await require_lowest_first(own, ids, destroy(own, ids[-1]))


async def test_a_copy_of_a_student_who_is_destroyed_meanwhile_is_gone_with_the_student(own: Store) -> None:
    (student_id,) = await loaded(own, 1)
    exchange_id = await own.receive(whole_record(start=500_000), student_id)
    async with own.database.transaction() as tx:
        await shredder(own).student(tx, student_id)
        copy = asyncio.create_task(destroy_copy(own, exchange_id))
        await wait_until_somebody_waits(own)
    assert await copy == Shredded(0, 0)
