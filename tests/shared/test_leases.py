"""A lease goes to somebody else when its time is over, whatever its holder does meanwhile."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from shared import leases
from shared.database import Database
from shared.leases import CLOCKS_DIFFER, is_fresh, lock_lease, take_lease
from tests.shared.tables import Base, LeaseRow

pytestmark = pytest.mark.anyio

NOW, LASTS = datetime(2026, 10, 20, 12, tzinfo=UTC), timedelta(seconds=10)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    sqlite = request.param == "sqlite"
    one = Database(f"sqlite+aiosqlite:///{tmp_path}/one.db" if sqlite else request.getfixturevalue("postgres_url"))
    async with one.engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    yield one
    await one.close()


async def taken(database: Database, holder: str, *, after: timedelta = timedelta()) -> int | None:
    return await take_lease(database, LeaseRow, name="work", holder=holder, now=NOW + after, lasts=LASTS)


async def test_one_has_it_until_its_time_is_over_and_then_another_with_a_larger_fence(database: Database) -> None:
    assert await taken(database, "one") == 1
    assert await taken(database, "two", after=LASTS - timedelta(seconds=1)) is None
    assert await taken(database, "one", after=LASTS / 2) == 1
    assert await taken(database, "two", after=LASTS) is None
    assert await taken(database, "two", after=LASTS * 2) == 2
    assert await taken(database, "one", after=LASTS * 2) is None


async def test_a_lease_that_a_clock_has_put_far_ahead_is_none(database: Database) -> None:
    assert await taken(database, "one", after=timedelta(days=1)) == 1  # by a clock a day ahead, and then it died
    assert await taken(database, "two") == 2
    assert await taken(database, "one", after=LASTS / 2) is None
    assert await taken(database, "one", after=CLOCKS_DIFFER) == 3  # a clock some minutes ahead
    assert await taken(database, "two", after=LASTS / 2) is None


async def test_whose_clock_went_back_prolongs_what_it_has() -> None:
    until = NOW + LASTS
    assert [is_fresh(until, now=NOW + after, lasts=LASTS) for after in (timedelta(), LASTS / 2, LASTS)] == [True, False, False]
    assert not is_fresh(until, now=NOW - timedelta(days=1), lasts=LASTS)
    assert not is_fresh(None, now=NOW, lasts=LASTS)


@pytest.mark.postgres
async def test_who_stands_still_with_the_row_in_hand_loses_it(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "SILENT_SECONDS", 1)
    standing, other = Database(postgres_url), Database(postgres_url)
    async with standing.engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    assert await taken(standing, "one") == 1
    session = AsyncSession(standing.engine)
    await lock_lease(session, LeaseRow, "work")  # and not a word from here on
    assert await asyncio.wait_for(taken(other, "two", after=LASTS), 30) == 2
    await session.invalidate()
    for one in (standing, other):
        await one.close()
