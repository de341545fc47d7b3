"""Writes that share a commit, on both engines."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.records.exchange.group_commit import GroupCommit
from shared.database import Database, after_commit
from tests.shared.tables import Base, CounterRow

pytestmark = pytest.mark.anyio


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    url = f"sqlite+aiosqlite:///{tmp_path}/test.db" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    database = Database(url)
    async with database.transaction() as tx:
        await (await tx.connection()).run_sync(Base.metadata.create_all)
        tx.add(CounterRow(id=1, value=0))
    yield database
    await database.close()


async def value(database: Database, identifier: int = 1) -> int | None:
    async with database.reading() as tx:
        return (await tx.execute(select(CounterRow.value).where(CounterRow.id == identifier))).scalar_one_or_none()


async def increment(tx: AsyncSession) -> int:
    row = await tx.get_one(CounterRow, 1, with_for_update=True)
    row.value += 1
    return row.value


async def test_fifty_writes_at_once_all_count_and_each_sees_those_before_it(database: Database) -> None:
    write = GroupCommit(database)
    assert sorted(await asyncio.gather(*(write(increment) for _ in range(50)))) == list(range(1, 51))
    assert await value(database) == 50


async def test_a_write_that_fails_takes_no_other_with_it_and_leaves_nothing(database: Database) -> None:
    write = GroupCommit(database)

    async def half(tx: AsyncSession) -> int:
        tx.add(CounterRow(id=2, value=2))
        await tx.flush()
        raise ZeroDivisionError

    results = await asyncio.gather(*(write(one) for one in (increment, half, increment)), return_exceptions=True)
    assert [type(result) for result in results] == [int, ZeroDivisionError, int]
    assert await value(database) == 2
    assert await value(database, 2) is None


async def test_nobody_is_told_before_the_commit(database: Database) -> None:
    write, seen = GroupCommit(database), []

    async def noting(tx: AsyncSession) -> int:
        async def look() -> None:
            seen.append(await value(database))

        after_commit(tx, look)
        return await increment(tx)

    await asyncio.gather(write(noting), write(increment))
    assert seen == [2]
