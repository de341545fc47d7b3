"""Who was asked for, of whom no record was given: nothing of the child is left once nobody waits any more."""

import pytest

from services.records.tables import MatchReviewRow
from tests.records.exchange.test_answers import resolved, unsure
from tests.records.exchange.two_states import TwoStates

pytestmark = pytest.mark.anyio


@pytest.mark.requirement("KEYS-forgotten")
async def test_who_was_asked_for_is_forgotten_once_it_is_over_where_no_record_was_given(own_states: TwoStates) -> None:
    states = own_states
    absent, left, said, found = (states.child() for _ in range(4))
    for child in (left, said, found):
        await states.alder.load(child)
    cases = [await states.ask(person) for person in (absent.selector, unsure(left), unsure(said), found.selector)]
    for case in cases:
        await case.deliver_request()
        await case.answer()
    await resolved(states, cases[2], None)
    await cases[3].finish()
    assert all([(await case.request()).particulars for case in cases])
    reviews = await states.alder.rows(MatchReviewRow)
    assert len(reviews) == 2
    await states.advance(days=15)
    await states.settle()
    assert [bool((await case.request()).particulars) for case in cases] == [False, False, False, True]
    async with states.alder.client("state-agency") as client:
        assert [(await client.read_match(one.id)).is_sought_known for one in reviews] == [False, False]
