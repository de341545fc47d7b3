"""A peer that is away is not called by each of a thousand messages; once it is there again, one finds out."""

from datetime import UTC, datetime, timedelta

import pytest

from safepassage.problems.exchanges import PeerResting
from services.records.exchange.breakers import FIRST_REST, LONGEST_REST, OPENS_AFTER, PROBE_LASTS, Breakers
from services.records.exchange.states import Outgoing
from tests.records.exchange.listener import birch_away
from tests.records.exchange.two_states import TwoStates

NOW = datetime(2026, 9, 1, tzinfo=UTC)
PEER = "https://birch.example"


def resting(breakers: Breakers, now: datetime, peer: str = PEER) -> bool:
    try:
        breakers.require_closed(peer, now)
    except PeerResting as error:
        return (error.retry_after_seconds or 0) >= 1
    return False


def failed(times: int, breakers: Breakers | None = None, now: datetime = NOW) -> Breakers:
    breakers = breakers or Breakers(lambda: 0.5)
    for _ in range(times):
        breakers.failed(PEER, now)
    return breakers


def test_a_few_failures_do_not_open_it_and_an_answer_begins_the_count_anew() -> None:
    breakers = failed(OPENS_AFTER - 1)
    assert not resting(breakers, NOW)
    breakers.answered(PEER)
    assert not resting(failed(OPENS_AFTER - 1, breakers), NOW)
    assert resting(failed(1, breakers), NOW)
    assert not resting(breakers, NOW, peer="https://cedar.example")


def test_after_the_rest_one_call_finds_out_and_the_others_wait_for_it() -> None:
    breakers = failed(OPENS_AFTER)
    later = NOW + FIRST_REST
    assert resting(breakers, later - timedelta(seconds=1))
    assert not resting(breakers, later)
    assert resting(breakers, later)
    breakers.answered(PEER)
    assert not resting(breakers, later)


def test_a_probe_whose_end_nobody_told_does_not_keep_it_open_for_ever() -> None:
    breakers, later = failed(OPENS_AFTER), NOW + FIRST_REST
    assert not resting(breakers, later)
    assert not resting(breakers, later + PROBE_LASTS)


def test_each_failed_probe_doubles_the_rest_up_to_a_limit() -> None:
    breakers, now, rests = failed(OPENS_AFTER), NOW, []
    for _ in range(8):
        before = now
        while resting(breakers, now):
            now += timedelta(seconds=1)
        rests.append(now - before)
        failed(1, breakers, now)
    assert rests[:3] == [FIRST_REST, FIRST_REST * 2, FIRST_REST * 4]
    assert rests[-1] == LONGEST_REST


def test_a_peer_that_asks_to_be_left_alone_is_left_alone_at_once_and_for_a_day_at_most() -> None:
    breakers = Breakers(lambda: 0.5)
    assert breakers.failed(PEER, NOW, wished=timedelta(minutes=3))
    assert resting(breakers, NOW + timedelta(minutes=3) - timedelta(seconds=1))
    assert not resting(breakers, NOW + timedelta(minutes=3))
    breakers.failed(PEER, NOW, wished=timedelta(days=30))
    assert not resting(breakers, NOW + timedelta(days=1))


def test_rests_are_spread() -> None:
    early, late = Breakers(lambda: 0.0), Breakers(lambda: 0.999)
    for one in (early, late):
        failed(OPENS_AFTER, one)
    assert not resting(early, NOW + FIRST_REST * 0.81)
    assert resting(late, NOW + FIRST_REST * 1.19)


@pytest.mark.anyio
async def test_while_a_peer_rests_no_connection_is_opened_and_no_attempt_is_counted(states: TwoStates) -> None:
    case = await states.queued()
    package = await case.package()
    async with birch_away(states) as knocks:
        failed(OPENS_AFTER, states.alder.exchange.breakers, states.clock())
        states.alder.exchange.breakers._peers[states.birch.entity_id] = states.alder.exchange.breakers._peers.pop(PEER)
        await case.deliver()
        assert knocks.connections == 0
    row = await case.package()
    assert (row.state, row.attempts) == (Outgoing.QUEUED, 0)
    assert row.next_attempt_at is not None
    assert row.next_attempt_at > states.clock()
    await states.advance(seconds=30)
    await states.alder.one("dispatching", package.id)
    assert (await case.package()).r1 is not None
    await case.finish()
    assert (await case.package()).state == Outgoing.PROCESSED


@pytest.mark.anyio
async def test_five_calls_in_a_row_that_nobody_answers_open_it(states: TwoStates) -> None:
    case = await states.queued()
    async with birch_away(states) as knocks:
        for _ in range(OPENS_AFTER):
            await states.alder.one("dispatching", (await case.package()).id)
        before = knocks.connections
        assert before > 0
        await states.alder.one("dispatching", (await case.package()).id)
        assert knocks.connections == before
    assert (await case.package()).attempts == OPENS_AFTER
    states.alder.exchange.breakers.answered(states.birch.entity_id)
    await states.alder.one("dispatching", (await case.package()).id)
    await case.finish()
