"""What holds say of children goes with their records."""

import pytest

from safepassage.wire_transfers import HoldResolution
from services.records.shredding import Shredder
from services.records.tables import TransferHoldRow
from tests.records.exchange.test_transfer_holds import holds, two_claims
from tests.records.exchange.two_states import TwoStates

pytestmark = pytest.mark.anyio


@pytest.mark.requirement("KEYS-shredded")
async def test_what_a_hold_says_of_a_child_goes_with_all_but_the_permanent_record(own_states: TwoStates) -> None:
    _, second = await two_claims(own_states, own_states.child())
    held, exchange = (await holds(own_states))[second.id], own_states.alder.exchange
    async with own_states.alder.client("state-agency") as session:
        await session.resolve_transfer_hold(held.id, HoldResolution(outcome="refused", reason="claim-not-true"))
    own_states.clock.advance(days=15)  # nobody waits for the record any more
    await own_states.settle()
    [row] = await own_states.alder.rows(TransferHoldRow)
    shredder = Shredder(exchange.vault, exchange.outbox, own_states.clock, about="destruction:7", jurisdiction="US-XA")
    async with exchange.database.transaction() as tx:
        assert (await shredder.but_permanent_record(tx, row.student_id)).permanent
    assert await own_states.alder.rows(TransferHoldRow) == []
