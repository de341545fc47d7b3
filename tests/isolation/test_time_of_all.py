"""How long answers take does not tell what is there, all operations of a service taken together: by turns, in CPU time, by their ranks.

One operation is told apart from noise by many more pairs alone (test_timing); test_work counts the calls of each. What is done more for
whatever is there, in front of all of them, is told here: each is asked twice, and of some hundred pairs neither a few that took long nor a
busy machine makes most go to one side.
"""

import gc
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest

from tests.conftest import StandingClock
from tests.isolation.comparing import asked_by_strangers
from tests.isolation.test_isolation import PARTS
from tests.isolation.timing import differ, gap
from tests.isolation.two_districts import meet_everybody, nobodys, two_districts

TURNS: Final = 4
"""Of each question: the first two are not counted, as something may be read then that is kept."""


@pytest.mark.slow
@pytest.mark.anyio
@pytest.mark.requirement("BAD-foreign")
@pytest.mark.parametrize("service", PARTS)
async def test_all_together_what_is_anothers_takes_no_longer_than_what_is_not_there(tmp_path: Path, node_keys: Path, service: str) -> None:
    clock = StandingClock(datetime(2026, 10, 20, 12, 0, 0, tzinfo=UTC))
    pairs = []
    async with two_districts(tmp_path, node_keys, clock) as two:
        await meet_everybody(two)
        async for _, request, _, stranger, wanted in asked_by_strangers(two, service):
            both = (request, request.of_nobody(nobodys(request)))
            gc.disable()
            for turn in range(TURNS):
                took = [0, 0]
                for place in (0, 1) if turn % 2 else (1, 0):
                    began = time.process_time_ns()
                    await two.ask(stranger, wanted, both[place])
                    took[place] = time.process_time_ns() - began
                if turn >= TURNS - 2:
                    pairs.append((took[0], took[1]))
            gc.enable()
    found = gap(pairs)
    assert not differ([found]), f"{found.microseconds:+.0f} µs, {found.share:+.1%}, {found.deviations:+.1f} deviations, {len(pairs)} pairs"
    assert len(pairs) > 20
