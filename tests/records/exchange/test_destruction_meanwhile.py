"""A record that is destroyed while its answer is made does not leave with it."""

import pytest

from safepassage.problems.requests import TemporarilyUnavailable
from services.records.exchange import answering, providing, releasable
from services.records.exchange.answers import Released
from services.records.shredding import Shredder
from services.records.transfers.sending_side import found_at
from tests.records.exchange.two_states import TwoStates

pytestmark = pytest.mark.anyio


@pytest.mark.requirement("KEYS-shredded")
async def test_a_record_that_was_destroyed_after_it_was_read_for_an_answer_does_not_leave_with_it(states: TwoStates) -> None:
    child, exchange = states.child(), states.alder.exchange
    student_id = await states.alder.load(child)
    case = await states.ask(child.selector)
    await case.deliver_request()
    row = await case.request()
    asked = answering.asked_by(exchange, row)
    found = await exchange.read(
        lambda connection: found_at(connection, exchange, student_id, sections=asked.selector.sections, request_id=row.id)
    )
    what = await releasable.releasable(exchange, row, asked, found)
    assert isinstance(what, Released)
    async with exchange.database.transaction() as tx:
        shredder = Shredder(exchange.vault, exchange.outbox, states.clock, about="destruction:7", jurisdiction="US-XA")
        await shredder.student(tx, student_id)
    with pytest.raises(TemporarilyUnavailable):
        await providing.provide(exchange, row, asked, what)
    await states.settle()
    assert (await case.told()).state == "not-provided"
    assert {one.kind for one in await case.envelopes()} == {"not-provided"}
