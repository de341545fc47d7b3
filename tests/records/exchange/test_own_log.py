"""Events that are logged ahead: alone they go at once, in a burst together."""

import asyncio

import pytest
from sqlalchemy import func, select

from services.audit.tables import SegmentRow
from services.records.exchange import own_log
from services.records.exchange.own_log import BUSY_EVENTS
from shared.contracts.audit import Actor, Context, Event
from tests.records.exchange.two_states import State, TwoStates

pytestmark = pytest.mark.anyio


def event(number: int) -> Event:
    return Event(class_="request", key=f"burst:{number}", actor=Actor(kind="system", job="exchange"), context=Context(operation="burst"))


async def segments(state: State) -> int:
    """Group commits of the log so far: each append by itself is one."""
    async with state.node.applications["audit"].state.database.reading() as tx:
        return int((await tx.execute(select(func.count()).select_from(SegmentRow))).scalar_one())


async def appended_one_after_the_other(state: State, numbers: range) -> None:
    """Each is asked for some turns of the loop after the one before, while that is under way."""
    tasks = []
    for number in numbers:
        tasks.append(asyncio.ensure_future(state.exchange.own_log.append(event(number))))
        for _ in range(3):
            await asyncio.sleep(0)
    assert len({appended.index for appended in await asyncio.gather(*tasks)}) == len(numbers)


async def test_whoever_is_alone_does_not_wait(states: TwoStates, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_log, "BUSY_SECONDS", 0.0)
    before = await segments(states.alder)
    for number in range(6):
        await states.alder.exchange.own_log.append(event(number))
    assert await segments(states.alder) == before + 6


async def test_a_burst_shares_its_append(states: TwoStates, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_log, "BUSY_SECONDS", 3600.0)
    monkeypatch.setattr(own_log, "LINGER_SECONDS", 0.3)
    log = states.alder.exchange.own_log
    log._came.extend([asyncio.get_running_loop().time()] * BUSY_EVENTS)
    before = await segments(states.alder)
    await appended_one_after_the_other(states.alder, range(10, 30))
    assert await segments(states.alder) == before + 1
