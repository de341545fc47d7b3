"""How the index and appends share a process: a burst goes first as long as the index is near, and never gets further ahead of it."""

import asyncio
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.audit.index.pace import (
    FIRST_RATE,
    GOAL_SECONDS,
    HELD_FROM_SECONDS,
    MOST_HELD_SECONDS,
    OUT_OF_REACH_SECONDS,
    held_seconds,
    needed_seconds,
    rate_after,
    rests_of,
)
from tests.audit.audit_node import event
from tests.audit.beside import Beside, numbered
from tests.audit.test_index import alone

pytestmark = pytest.mark.anyio

LARGE_REQUEST = 1_000


@pytest.mark.parametrize(("needed", "rests"), [(0, 8), (0.5, 8), (0.75, 4), (1, 0), (60, 0)])
def test_the_index_rests_the_less_the_more_it_has_before_it(needed: float, rests: float) -> None:
    assert rests_of(needed) == pytest.approx(rests)


@pytest.mark.parametrize(
    ("needed", "waited", "held"), [(1.25, 0, 0), (1.3, 0, 0.05), (1.75, 0, 0.5), (9, 0, 1), (9, 0.75, 0.25), (9, 1, 0), (31, 0, 0)]
)
def test_a_large_request_waits_for_an_index_that_is_far_behind_but_not_for_long(needed: float, waited: float, held: float) -> None:
    assert held_seconds(needed, waited=waited) == pytest.approx(held)


@given(st.floats(0, 100), st.floats(0, 10))
def test_nobody_is_held_where_the_index_is_near_or_out_of_reach_nor_longer_than_a_turn(needed: float, waited: float) -> None:
    held = held_seconds(needed, waited=waited)
    assert 0 <= held <= max(MOST_HELD_SECONDS - waited, 0)
    assert held == 0 or (rests_of(needed) == 0 and HELD_FROM_SECONDS < needed <= OUT_OF_REACH_SECONDS)


@given(st.floats(5_000, 200_000), st.floats(5_000, 200_000), st.integers(1, 300))
def test_whatever_the_burst_the_index_is_within_its_goal_when_the_last_is_answered(index: float, appends: float, requests: int) -> None:
    """One process: while the index works nothing is appended, and while it rests nothing is put. Requests come as fast as they can."""
    behind, rate = 0.0, index
    for _ in range(requests):
        waited = 0.0
        while (held := held_seconds(needed_seconds(int(behind), rate), waited=waited)) > 0:  # appends wait: the index has the time alone
            step = min(held, 0.02)
            behind, waited = max(behind - step * index, 0), waited + step
        behind += LARGE_REQUEST
        took = LARGE_REQUEST / appends
        behind = max(behind - index * took / (1 + rests_of(needed_seconds(int(behind), rate))), 0)
    assert needed_seconds(int(behind), index) < GOAL_SECONDS


def test_the_rate_follows_what_was_measured() -> None:
    rate = FIRST_RATE
    for _ in range(60):
        rate = rate_after(rate, entries=4_000, seconds=0.04)
    assert rate == pytest.approx(100_000, rel=0.01)


async def test_a_request_of_many_entries_waits_until_the_index_is_near_and_one_of_few_does_not(beside: Beside) -> None:
    projector = await alone(beside.node)
    await beside.append(*numbered(3))  # its process has started
    projector._missing = int(FIRST_RATE * 5)
    waiting = asyncio.create_task(beside.append(*numbered(3)))
    await beside.node.append(event("match", student=uuid4()))
    _, held = await asyncio.wait({waiting}, timeout=MOST_HELD_SECONDS / 2)
    assert held
    projector._missing = 0
    assert [one.index for one in await waiting] == [4, 5, 6]


async def test_what_was_committed_is_missing_in_the_index_until_it_is_put(beside: Beside) -> None:
    projector = await alone(beside.node)
    await beside.append(*numbered(30))
    assert projector._missing == 30
    await beside.node.append(event("match", student=uuid4()))
    assert projector._missing == 31
    await projector.catch_up()
    assert projector._missing == 0
