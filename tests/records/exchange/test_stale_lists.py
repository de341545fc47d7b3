"""Under a list that is older than a week receipts and refusals go out: nothing that asks for a record, nothing that tells of one."""

from uuid import uuid4

import pytest

from safepassage.problems.trust import TrustListStale
from services.records.exchange.outboxes import _give_notice, _give_request
from services.records.tables import OutgoingNoticeRow, PeerRequestRow
from tests.records.exchange.two_states import TwoStates

pytestmark = pytest.mark.anyio


@pytest.mark.requirement("EX-8")
async def test_nobody_is_asked_for_a_record_under_a_list_older_than_a_week(own_states: TwoStates) -> None:
    states = own_states
    waiting = await states.ask(states.child().selector)
    await states.advance(days=8)
    async with states.birch.client("new-district") as client:
        with pytest.raises(TrustListStale):
            await client.create_exchange_request(states.new_request(states.child().selector), idempotency_key=str(uuid4()))
    await waiting.deliver_request()
    assert await states.alder.rows(PeerRequestRow) == []
    row = await waiting.asked()
    assert (row.state, row.problem_code) == ("prepared", None)
    assert row.next_attempt_at is not None  # and goes once there is a younger list


@pytest.mark.requirement("EX-8", "EX-pull")
async def test_nobody_fetches_a_request_or_a_notice_under_a_list_older_than_a_week(own_states: TwoStates) -> None:
    states, birch = own_states, own_states.birch.exchange
    waiting = await states.ask(states.child().selector)
    row = await waiting.asked()
    assert await _give_request(birch, row) == row.token.encode()
    await states.advance(days=8)
    with pytest.raises(TrustListStale):
        await _give_request(birch, row)
    with pytest.raises(TrustListStale):
        await _give_notice(birch, OutgoingNoticeRow(token="t"))
