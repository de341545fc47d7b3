"""Long work is cut so that nobody waits for all of it."""

from collections.abc import Sequence

import pytest

from services.audit.slices import FIRST_SIZE, MOST_SIZE, SLICE_SECONDS, Slices, fitting

pytestmark = pytest.mark.anyio


def test_the_next_slice_has_as_much_as_fits_into_its_time() -> None:
    assert fitting(40, done=40, seconds=2 * SLICE_SECONDS) == 20
    assert fitting(40, done=20, seconds=2 * SLICE_SECONDS) == 10


def test_one_thing_at_least_is_done_and_never_more_than_twice_as_many_as_before() -> None:
    assert fitting(40, done=40, seconds=100.0) == 1
    assert fitting(8, done=8, seconds=0.0) == 16
    assert fitting(MOST_SIZE, done=MOST_SIZE, seconds=0.0) == MOST_SIZE


async def test_it_rests_behind_every_slice_and_leaves_nothing_out() -> None:
    seen: list[list[int]] = []
    rested: list[int] = []

    async def work(some: Sequence[int]) -> list[int]:
        seen.append(list(some))
        return [10 * one for one in some]

    async def rest(_: float) -> None:
        rested.append(sum(map(len, seen)))

    assert await Slices(rest).over(range(9), work) == [10 * one for one in range(9)]
    assert seen[0] == list(range(FIRST_SIZE))
    assert len(rested) == len(seen) > 1
    assert rested[-1] == 9
