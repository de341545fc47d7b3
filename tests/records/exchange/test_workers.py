"""What goes on behind the endpoints goes on, whatever a minute comes to: a task of the process that ends makes it unready for good."""

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from services.records.exchange import reconciling, works
from services.records.exchange.exchange import Exchange
from shared.keys import KeyFileUnusable
from shared.standing_faults import StandingFaults
from tests.records.exchange.two_states import TwoStates

pytestmark = pytest.mark.anyio

AWAY = OperationalError("SELECT", {}, OSError())


async def test_nothing_that_a_minute_comes_to_ends_the_watch(own_states: TwoStates, monkeypatch: pytest.MonkeyPatch) -> None:
    exchange, failed = own_states.alder.exchange, Counter[str]()

    def failing(name: str, fault: Exception) -> Callable[..., Any]:
        def fail(*_: object) -> Any:
            failed[name] += 1
            raise fault

        return fail

    monkeypatch.setattr(exchange.trust, "refresh", failing("trust list", AWAY))
    monkeypatch.setattr(reconciling, "plan", failing("comparisons", AWAY))
    monkeypatch.setattr(works, "destroy_collected", failing("what was collected", AWAY))
    monkeypatch.setattr(exchange.epochs, "load", failing("keys", KeyFileUnusable("gone")))
    monkeypatch.setattr(works, "MINUTE_SECONDS", 0.0)
    monkeypatch.setattr(works, "KEYS_EVERY_MINUTES", 1)
    watching = asyncio.create_task(works.keep_watch(own_states.alder.records))
    async with asyncio.timeout(30):
        while len(failed) < 4 or failed["keys"] < 3:
            assert not watching.done()
            await asyncio.sleep(0)
    watching.cancel()
    assert min(failed.values()) >= 2


async def test_where_the_store_is_away_as_the_work_begins_it_begins_once_it_is_back(
    own_states: TwoStates, monkeypatch: pytest.MonkeyPatch
) -> None:
    exchange, take_over, tried = own_states.alder.exchange, works.take_over, list[str]()

    async def at_the_second_try(exchange: Exchange) -> None:
        tried.append("once")
        if len(tried) == 1:
            raise AWAY
        await take_over(exchange)

    monkeypatch.setattr(works, "take_over", at_the_second_try)
    monkeypatch.setattr(StandingFaults, "failed", lambda *_: 0.0)
    working = asyncio.create_task(works.work(own_states.alder.records))
    async with asyncio.timeout(30):
        while not all(one._running for one in exchange.works.values()):
            assert not working.done()
            await asyncio.sleep(0)
    working.cancel()
    assert len(tried) == 2
