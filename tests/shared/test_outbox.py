"""An outbox loses nothing, sends in order, and lets nothing that waits hold up the rest."""

import json

import pytest
from sqlalchemy import select

from safepassage.problems.records import SealBroken
from shared.contracts.audit import Actor, AppendRequest, Context, Event
from shared.leases import CLOCKS_DIFFER, take_lease
from shared.outbox import READ
from tests.shared.tables import LeaseRow, OutboxRow
from tests.shared.tiny import Tiny

pytestmark = pytest.mark.anyio


def event(key: str) -> Event:
    return Event.model_validate(
        {"class": "load", "key": key, "actor": Actor(kind="system", job="test"), "context": Context(operation="load")}
    )


async def waiting(tiny: Tiny) -> list[tuple[int, str | None]]:
    async with tiny.app.state.database.reading() as tx:
        return [(row.attempts, row.refused_as) for row in (await tx.execute(select(OutboxRow).order_by(OutboxRow.id))).scalars()]


async def test_what_was_recorded_reaches_the_log_once_and_in_order(tiny: Tiny) -> None:
    for number in range(30):
        async with tiny.app.state.database.transaction() as tx:
            tiny.app.state.outbox.record(tx, event(f"k:{number}"))
    await tiny.app.state.outbox.drain()
    assert tiny.audit.keys == [f"k:{number}" for number in range(30)]
    assert await waiting(tiny) == []


async def test_many_that_wait_are_read_once_and_go_in_several_calls(tiny: Tiny) -> None:
    async with tiny.app.state.database.transaction() as tx:
        tiny.app.state.outbox.record(tx, *(event(f"k:{number}") for number in range(450)))
    assert await tiny.app.state.outbox.send_due()
    assert tiny.audit.keys == [f"k:{number}" for number in range(450)]
    assert max(tiny.audit.calls) == 200
    assert await waiting(tiny) == []


async def test_whoever_may_have_the_lease_no_more_begins_no_further_call(tiny: Tiny) -> None:
    await nobody_else_sends(tiny)
    tiny.audit.meanwhile = lambda: tiny.clock.advance(seconds=10)
    async with tiny.app.state.database.transaction() as tx:
        tiny.app.state.outbox.record(tx, *(event(f"k:{number}") for number in range(450)))
    assert await tiny.app.state.outbox.send_due()
    assert tiny.audit.calls == [200]
    assert await tiny.app.state.outbox.send_due()
    assert tiny.audit.calls == [200, 200]


async def nobody_else_sends(tiny: Tiny) -> None:
    """The service's own task sends nothing beside the test."""
    tiny.clock.advance(seconds=60)
    taken = await take_lease(tiny.app.state.database, LeaseRow, name="outbox", holder="2", now=tiny.clock(), lasts=CLOCKS_DIFFER)
    assert taken is not None


async def tell(tiny: Tiny, *keys: str, lane: str) -> None:
    async with tiny.app.state.database.transaction() as tx:
        for key in keys:
            body = event(key) if lane in tiny.app.state.outbox.together else AppendRequest(events=(event(key),))
            tiny.app.state.outbox.tell(tx, "audit", "POST", "/internal/entries", body, lane=lane)


async def test_a_lane_that_waits_holds_up_no_other_however_many_of_its_rows_lie_in_front(tiny: Tiny) -> None:
    await nobody_else_sends(tiny)
    tiny.audit.down = True
    async with tiny.app.state.database.transaction() as tx:
        tiny.app.state.outbox.record(tx, *(event(f"k:{number}") for number in range(READ + 1)))
    assert not await tiny.app.state.outbox.send_due()
    tiny.audit.down = False
    await tell(tiny, "other:1", "other:2", lane="other")
    await tiny.app.state.outbox.drain()
    assert tiny.audit.keys == ["other:1", "other:2"]
    tiny.clock.advance(seconds=600)
    await tiny.app.state.outbox.drain()
    assert len(tiny.audit.keys) == READ + 3


class OneThatDoesNotOpen:
    """Seals nothing, and one body does not open."""

    def seal_text(self, text: str) -> str:
        return text

    def open_text(self, sealed: str) -> str:
        if "k:broken" in sealed:
            raise SealBroken
        return sealed


@pytest.mark.parametrize("lane", ["audit", "one"])
async def test_a_row_that_does_not_open_holds_up_no_other_lane_and_is_said(tiny: Tiny, lane: str) -> None:
    await nobody_else_sends(tiny)
    tiny.app.state.outbox.sealing = OneThatDoesNotOpen()
    await tell(tiny, "k:broken", "k:1", lane=lane)
    await tell(tiny, "other:1", lane="other")
    with pytest.raises(SealBroken):
        await tiny.app.state.outbox.send_due()
    assert tiny.audit.keys == ["other:1"]
    assert await waiting(tiny) == [(0, None), (0, None)], "its key may be back with the next start"


async def test_nobody_begins_a_call_of_another_row_or_lane_either_once_the_lease_may_have_ended(tiny: Tiny) -> None:
    await nobody_else_sends(tiny)
    tiny.audit.meanwhile = lambda: tiny.clock.advance(seconds=10)
    await tell(tiny, "1", "2", lane="one")
    await tell(tiny, "3", lane="another")
    for sent in (["1"], ["1", "2"], ["1", "2", "3"]):
        assert await tiny.app.state.outbox.send_due()
        assert tiny.audit.keys == sent


async def test_what_was_told_by_a_clock_that_went_ahead_is_sent_once_it_is_right_and_so_is_what_lies_behind(tiny: Tiny) -> None:
    await nobody_else_sends(tiny)
    tiny.clock.advance(seconds=86_400)
    await tell(tiny, "ahead", lane="audit")
    tiny.clock.advance(seconds=-86_400)
    await tell(tiny, "right", lane="audit")
    await tiny.app.state.outbox.drain()
    assert tiny.audit.keys == ["ahead", "right"]


async def test_while_the_log_is_down_nothing_is_lost(tiny: Tiny) -> None:
    tiny.audit.down = True
    async with tiny.app.state.database.transaction() as tx:
        tiny.app.state.outbox.record(tx, event("k:1"), event("k:2"))
    await tiny.app.state.outbox.send_due()
    assert [refused for _, refused in await waiting(tiny)] == [None, None]
    tiny.audit.down = False
    tiny.clock.advance(seconds=600)
    await tiny.app.state.outbox.drain()
    assert tiny.audit.keys == ["k:1", "k:2"]


@pytest.mark.parametrize("several", [("k:1",), ("k:1", "k:2")])
async def test_while_the_log_does_not_know_who_calls_nothing_is_lost(tiny: Tiny, several: tuple[str, ...]) -> None:
    tiny.audit.clock_is_late_by_seconds = 60
    async with tiny.app.state.database.transaction() as tx:
        tiny.app.state.outbox.record(tx, *map(event, several))
    await tiny.app.state.outbox.send_due()
    assert [refused for _, refused in await waiting(tiny)] == [None] * len(several)
    tiny.audit.clock_is_late_by_seconds = 0
    tiny.clock.advance(seconds=600)
    await tiny.app.state.outbox.drain()
    assert tiny.audit.keys == list(several)


@pytest.mark.requirement("FAULT-frozen")
async def test_while_the_log_is_frozen_nothing_is_lost_and_readiness_says_that_a_person_is_needed(tiny: Tiny) -> None:
    async def said() -> str:
        return str(json.loads((await tiny.send("GET", "/readyz", {})).body)["status"])

    tiny.audit.frozen = True
    assert await said() == "ready"
    async with tiny.app.state.database.transaction() as tx:
        tiny.app.state.outbox.record(tx, event("k:1"), event("k:2"))
    await tiny.app.state.outbox.drain()
    assert [refused for _, refused in await waiting(tiny)] == [None, None], "it is the log that is at fault, not what it is to take"
    assert await said() == "degraded"
    tiny.audit.frozen = False
    tiny.clock.advance(seconds=600)
    await tiny.app.state.outbox.drain()
    assert tiny.audit.keys == ["k:1", "k:2"]
    assert await said() == "ready"


async def test_one_refused_event_does_not_hold_up_the_others(tiny: Tiny) -> None:
    tiny.audit.refuse = "k:2"
    async with tiny.app.state.database.transaction() as tx:
        tiny.app.state.outbox.record(tx, event("k:1"), event("k:2"), event("k:3"))
    await tiny.app.state.outbox.drain()
    assert tiny.audit.keys == ["k:1", "k:3"]
    assert await waiting(tiny) == [(1, "not-found")]


@pytest.mark.parametrize("lane", ["audit", "another"])
async def test_a_row_that_has_to_wait_is_overtaken_by_none_of_its_lane_though_one_before_it_is_refused(tiny: Tiny, lane: str) -> None:
    await nobody_else_sends(tiny)
    tiny.audit.refuse, tiny.audit.unable = "k:1", "k:3"
    await tell(tiny, *(f"k:{number}" for number in range(1, 6)), lane=lane)
    await tiny.app.state.outbox.drain()
    assert tiny.audit.keys == ["k:2"]
    tiny.audit.unable = None
    tiny.clock.advance(seconds=600)
    await tiny.app.state.outbox.drain()
    assert tiny.audit.keys == ["k:2", "k:3", "k:4", "k:5"]
    assert await waiting(tiny) == [(1, "not-found")]


async def test_a_rolled_back_change_tells_nobody(tiny: Tiny) -> None:
    with pytest.raises(ZeroDivisionError):
        async with tiny.app.state.database.transaction() as tx:
            tiny.app.state.outbox.record(tx, event("k:never"))
            await tx.flush()
            raise ZeroDivisionError
    await tiny.app.state.outbox.drain()
    assert tiny.audit.keys == []
