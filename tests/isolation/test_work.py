"""An answer about a foreign id is as much work as one about an id that nobody has: the matrix again, counted in calls.

Calls and not seconds, so that it is told on a machine that others use too; `make test-timing` measures seconds. Background work shares
caches and rows with a request: the least of a few counts is compared, and of many where these differ.
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest

from tests.conftest import StandingClock
from tests.isolation.comparing import asked_by_strangers
from tests.isolation.coverage import expected
from tests.isolation.test_isolation import PARTS
from tests.isolation.two_districts import Request, Stranger, TwoDistricts, meet_everybody, nobodys, two_districts
from tests.isolation.work import Counted

MOST: Final = 80
"""Calls, some 0.05 ms. An entry that is opened is 250 and a query 200; what differs by nothing differs by less than 10, some by 50."""
EVALUATED: Final = 40
"""For decisions on access: the facts of a student that are opened are 55."""
GLANCE, LOOK = 2, 8


async def _least(two: TwoDistricts, by: Stranger, wanted: frozenset[str], asked: tuple[Request, Request], *, times: int) -> int:
    """By how many calls the first takes more than the second, each at its least; they take turns at being first."""
    door = Counted(two.door)
    counts: tuple[list[int], list[int]] = ([], [])
    for turn in range(times):
        for place in (0, 1) if turn % 2 else (1, 0):
            await two.audit.app.state.projector.catch_up()  # what the index has not is opened by whoever asks next
            await two.ask(by, wanted, asked[place], through=door)
            counts[place].append(door.calls)
    return min(counts[0]) - min(counts[1])


@pytest.mark.slow
@pytest.mark.anyio
@pytest.mark.requirement("BAD-foreign")
@pytest.mark.parametrize("service", PARTS)
async def test_what_is_anothers_is_as_much_work_as_what_is_not_there(tmp_path: Path, node_keys: Path, service: str) -> None:
    clock = StandingClock(datetime(2026, 10, 20, 12, 0, 0, tzinfo=UTC))
    async with two_districts(tmp_path, node_keys, clock) as two:
        await meet_everybody(two)
        faults, asked = [], set()
        async for operation, request, who, stranger, wanted in asked_by_strangers(two, service):
            asked.add(operation)
            both, most = (request, request.of_nobody(nobodys(request))), EVALUATED if "_access" in operation else MOST
            if abs(await _least(two, stranger, wanted, both, times=GLANCE)) <= most:
                continue
            more = await _least(two, stranger, wanted, both, times=LOOK)
            if abs(more) > most:
                faults.append(f"{operation} {request.method} {request.path} by {who}: {more:+} calls")
        assert faults == [], "\n".join(faults)
        assert sorted(expected(service) - asked) == [], "every operation of the matrix is weighed"
