"""How long an answer takes does not tell what is there: the matrix again, each stranger's question about a foreign id against one about
an id that nobody has, in pairs and in CPU time.

First all are asked a few times; where that looks like a difference, many times more, and in each of six rounds it has to be one.
How sure that is: docs/security-tests.md. All operations together are compared in test_time_of_all.
"""

import gc
import random
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.conftest import StandingClock
from tests.isolation.comparing import asked_by_strangers
from tests.isolation.test_isolation import PARTS
from tests.isolation.timing import MICROSECONDS, SHARE, Gap, differ, gap
from tests.isolation.two_districts import Request, Stranger, TwoDistricts, meet_everybody, nobodys, two_districts

GLANCE, LOOK, ROUNDS = 8, 32, 6


async def _took(two: TwoDistricts, by: Stranger, wanted: frozenset[str], request: Request) -> int:
    started = time.process_time_ns()
    await two.ask(by, wanted, request)
    return time.process_time_ns() - started


async def _measured(two: TwoDistricts, by: Stranger, wanted: frozenset[str], request: Request, absent: Request, times: int) -> Gap:
    """Foreign against absent, by turns."""
    pairs = []
    gc.collect()
    gc.disable()
    try:
        for turn in range(times):
            if turn % 2:
                foreign = await _took(two, by, wanted, request)
                pairs.append((foreign, await _took(two, by, wanted, absent)))
            else:
                nothing = await _took(two, by, wanted, absent)
                pairs.append((await _took(two, by, wanted, request), nothing))
    finally:
        gc.enable()
    return gap(pairs)


async def _tells(two: TwoDistricts, by: Stranger, wanted: frozenset[str], request: Request) -> list[Gap]:
    """The rounds that together have found a difference; none where they have not."""
    absent = request.of_nobody(nobodys(request))  # one for all rounds: what is asked about is in the log, and then more there
    glance = await _measured(two, by, wanted, request, absent, GLANCE)
    if abs(glance.microseconds) < MICROSECONDS / 2 or abs(glance.share) < SHARE / 2:
        return []
    rounds: list[Gap] = []
    for _ in range(ROUNDS):
        rounds.append(await _measured(two, by, wanted, request, absent, LOOK))
        if not rounds[-1].is_wide:
            return []
    return rounds if differ(rounds) else []


@pytest.mark.slow
@pytest.mark.anyio
@pytest.mark.requirement("BAD-foreign")
@pytest.mark.parametrize("service", PARTS)
async def test_how_long_it_takes_does_not_tell_what_is_there(tmp_path: Path, node_keys: Path, service: str) -> None:
    clock = StandingClock(datetime(2026, 10, 20, 12, 0, 0, tzinfo=UTC))
    async with two_districts(tmp_path, node_keys, clock) as two:
        await meet_everybody(two)
        faults, asked = [], 0
        async for operation, request, who, stranger, wanted in asked_by_strangers(two, service):
            asked += 1
            told = await _tells(two, stranger, wanted, request)
            if told:
                faults.append(f"{operation} {request.method} {request.path} by {who}: {[f'{one.microseconds:+.0f} µs' for one in told]}")
        assert faults == [], "\n".join(faults)
        assert asked > 10


def _pairs(more: int, *, count: int = LOOK) -> list[tuple[int, int]]:
    """Of some two milliseconds each, with a long tail, as on a machine that others use; `more` nanoseconds between them."""
    chance = random.Random(7)
    took = [(2_000_000 + int(chance.expovariate(1 / 80_000)), 2_000_000 + int(chance.expovariate(1 / 80_000))) for _ in range(count)]
    return [(one + more, other) for one, other in took]


def test_a_difference_is_one_when_it_is_beyond_noise_in_each_round() -> None:
    none, some, much = gap(_pairs(0)), gap(_pairs(90_000)), gap(_pairs(400_000))
    assert not differ([none])
    assert not differ([some]), "a tenth of a millisecond is not told from what a network adds"
    assert differ([much, much])
    assert not differ([much, none])
    assert not differ([much, gap(_pairs(-400_000))]), "not to the same side"
    assert not differ([])


def test_a_few_that_took_very_long_are_no_difference() -> None:
    pairs = _pairs(0)
    assert not differ([gap([(one + 50_000_000 * (turn < LOOK // 3), other) for turn, (one, other) in enumerate(pairs)])])
