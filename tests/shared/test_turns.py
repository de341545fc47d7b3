"""Long work lets others go on."""

import pytest

from shared.turns import in_turns
from tests.others_turns import turns_of_others

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(("things", "at_once", "turns"), [(0, 1, 0), (9, 10, 0), (10, 10, 1), (35, 10, 3), (5, 1, 5)])
async def test_others_have_a_turn_after_so_many_things_and_nothing_is_left_out(things: int, at_once: int, turns: int) -> None:
    async with turns_of_others() as had:
        assert [one async for one in in_turns(range(things), at_once=at_once)] == list(range(things))
        assert had() == turns
