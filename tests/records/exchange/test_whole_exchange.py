"""The main job: a record goes from Alder to Birch, once, sealed, on the record of both."""

import pytest

from tests.records.exchange.two_states import TwoStates

pytestmark = pytest.mark.anyio


async def test_a_record_goes_from_one_state_to_the_other(states: TwoStates) -> None:
    student = states.child()
    await states.alder.load(student)
    case = await states.ask(student.selector)
    assert (await case.told()).state == "requested"
    await states.settle()
    told = await case.told()
    assert told.state == "applied"
    assert told.student_id is not None
