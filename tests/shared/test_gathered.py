import asyncio
from collections.abc import Sequence

import pytest

from shared.gathered import Gathered

pytestmark = pytest.mark.anyio


class Asked:
    """Answers with twice the number; a negative one has a problem of its own. Calls wait until they may go on."""

    def __init__(self, *, open_: bool = True) -> None:
        self.calls: list[list[int]] = []
        self.gate = asyncio.Event()
        if open_:
            self.gate.set()

    async def __call__(self, key: str, questions: Sequence[int]) -> Sequence[int | Exception]:
        self.calls.append(list(questions))
        await self.gate.wait()
        if key == "down":
            raise ConnectionError
        return [ValueError(str(one)) if one < 0 else one * 2 for one in questions]


async def test_what_is_asked_at_one_moment_goes_in_one_call_and_each_is_answered_its_own() -> None:
    asked = Asked()
    gathered: Gathered[str, int, int] = Gathered(asked, most=10)
    assert await asyncio.gather(*(gathered("up", n) for n in range(5))) == [0, 2, 4, 6, 8]
    assert asked.calls == [[0, 1, 2, 3, 4]]


async def test_a_problem_of_one_is_raised_for_it_alone() -> None:
    gathered: Gathered[str, int, int] = Gathered(Asked(), most=10)
    first, second, third = await asyncio.gather(*(gathered("up", n) for n in (1, -1, 3)), return_exceptions=True)
    assert (first, third) == (2, 6)
    assert isinstance(second, ValueError)


async def test_a_call_that_fails_fails_for_all_that_were_in_it_and_the_next_one_is_made() -> None:
    gathered: Gathered[str, int, int] = Gathered(Asked(), most=10)
    answers = await asyncio.gather(gathered("down", 1), gathered("down", 2), gathered("up", 3), return_exceptions=True)
    assert [type(one) for one in answers] == [ConnectionError, ConnectionError, int]
    assert await gathered("up", 4) == 8


async def test_what_comes_while_a_call_is_under_way_goes_in_the_next_one_and_no_call_is_too_large() -> None:
    asked = Asked(open_=False)
    gathered: Gathered[str, int, int] = Gathered(asked, most=2)
    first = asyncio.create_task(gathered("up", 0))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    later = [asyncio.create_task(gathered("up", n)) for n in range(1, 4)]
    asked.gate.set()
    assert await asyncio.gather(first, *later) == [0, 2, 4, 6]
    assert asked.calls == [[0], [1, 2], [3]]


async def test_who_gives_up_waiting_takes_no_other_with_it_and_nothing_is_held_afterwards() -> None:
    asked = Asked(open_=False)
    gathered: Gathered[str, int, int] = Gathered(asked, most=10)
    gone, waits = asyncio.create_task(gathered("up", 1)), asyncio.create_task(gathered("up", 2))
    await asyncio.sleep(0)
    gone.cancel()
    asked.gate.set()
    assert await waits == 4
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not gathered._calls
    assert not gathered._waiting


@pytest.mark.parametrize("turns", range(8))
async def test_whoever_asks_so_many_turns_of_the_loop_after_an_answer_is_answered(turns: int) -> None:
    gathered: Gathered[str, int, int] = Gathered(Asked(), most=10)
    assert await gathered("up", 1) == 2
    for _ in range(turns):
        await asyncio.sleep(0)
    async with asyncio.timeout(5):
        assert await gathered("up", 9) == 18
