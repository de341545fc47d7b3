"""What is to be done next of one kind is done, whatever became of the step before."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from services.records.exchange import work
from services.records.exchange.work import Lease, Work
from shared import standing_faults as standing
from shared.database import Database
from tests.conftest import StandingClock

pytestmark = pytest.mark.anyio


class Rows:
    """Rows that are due until their step has ended; the first step of each waits for what never comes."""

    def __init__(self, *keys: int) -> None:
        self.left, self.begun, self.broken_off = set(keys), list[int](), list[int]()
        self.all_hang, self.all_broken_off, self.over = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def due(self, _: datetime, limit: int) -> Sequence[int]:
        return sorted(self.left)[:limit]

    async def do(self, key: int, _: Any) -> None:
        self.begun.append(key)
        if self.begun.count(key) == 1:
            if self.left == set(self.begun):
                self.all_hang.set()
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                self.broken_off.append(key)
                if self.left == set(self.broken_off):
                    self.all_broken_off.set()
                raise
        self.left.discard(key)
        if not self.left:
            self.over.set()


@pytest.mark.requirement("EX-1")
async def test_a_step_that_does_not_end_is_broken_off_and_the_row_is_taken_up_again(
    tmp_path: Path, clock: StandingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'none.sqlite'}")
    rows = Rows(1, 2)
    one = Work("opening", Lease(database, clock, holder="a"), clock, due=rows.due, do=rows.do)
    running = asyncio.create_task(one.run())
    await rows.all_hang.wait()
    for _ in range(3):  # it is not long yet
        one.wake()
        await asyncio.sleep(0)
    assert rows.broken_off == []
    monkeypatch.setattr(work, "GIVEN_UP_AFTER_SECONDS", 0.0)
    one.wake()
    await rows.all_broken_off.wait()
    monkeypatch.undo()
    one.wake()
    async with asyncio.timeout(10):
        await rows.over.wait()
    assert rows.begun == [1, 2, 1, 2]
    running.cancel()
    await database.close()


@pytest.mark.requirement("EX-1")
async def test_a_row_that_another_step_takes_further_is_not_taken_up_meanwhile_and_is_once_that_has_ended(
    tmp_path: Path, clock: StandingClock
) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'none.sqlite'}")
    left, done, over = {1, 2}, list[int](), asyncio.Event()

    async def due(_: datetime, limit: int) -> Sequence[int]:
        return sorted(left)[:limit]

    async def do(key: int, _: Any) -> None:
        done.append(key)
        left.discard(key)
        if not left:
            over.set()

    one = Work("queueing", Lease(database, clock, holder="a"), clock, due=due, do=do)
    running = asyncio.create_task(one.run())
    with pytest.raises(RuntimeError), one.done_elsewhere(1):
        async with asyncio.timeout(10):
            while 2 not in done:
                one.wake()
                await asyncio.sleep(0)
        one.offer(1)
        await one.finish_due()
        assert done == [2]
        raise RuntimeError  # it did not come to its end
    one.wake()
    async with asyncio.timeout(10):
        await over.wait()
    assert done == [2, 1]
    running.cancel()
    await database.close()


async def test_while_the_store_is_away_the_kinds_of_work_tell_it_together_and_go_on_afterwards(
    tmp_path: Path, clock: StandingClock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'none.sqlite'}")
    monkeypatch.setattr(standing, "LONGEST_REST_SECONDS", 0.0)
    monkeypatch.setattr(work, "IDLE_SECONDS", 0.0)
    failed, went, there, over = [0, 0], [0, 0], asyncio.Event(), asyncio.Event()

    def due_of(number: int) -> Any:
        async def due(_: datetime, limit: int) -> Sequence[int]:
            (went if there.is_set() else failed)[number] += 1
            if min(went) >= 3:
                over.set()
            if there.is_set():
                return []
            if min(failed) >= 70:
                there.set()
            clock.advance(seconds=1)
            raise ConnectionError("a value")

        return due

    async def do(key: int, _: Any) -> None:
        raise AssertionError

    faults = work.standing_faults()
    works = [Work(name, Lease(database, clock, holder="a"), clock, due=due_of(n), do=do, faults=faults) for n, name in enumerate("ab")]
    running = [asyncio.create_task(one.run()) for one in works]
    async with asyncio.timeout(10):
        await over.wait()
    told = [one.message for one in caplog.records if one.name == work.log.name]
    assert told == ["exchange work failed"] * (1 + (sum(failed) - 1) // 60) + ["exchange work goes on"]
    for task in running:
        task.cancel()
    await database.close()
