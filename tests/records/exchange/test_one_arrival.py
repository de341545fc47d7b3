"""What is on record of an exchange is one chain: two entries of one log do not both say that its envelope was received."""

import json
from uuid import uuid4

import pytest

from safepassage.problems.envelopes import WrongLeaf
from services.records.exchange import events
from services.records.exchange.sending import claims_of
from services.records.exchange.states import Outgoing
from tests.records.exchange.forging import code_of
from tests.records.exchange.test_chains import ACTS, chain_of, proven, tell
from tests.records.exchange.test_tampered_receipts import Receipts, unseen
from tests.records.exchange.two_states import TwoStates

pytestmark = pytest.mark.anyio


async def of_another_arrival(receipts: Receipts) -> str:
    """R2 as Birch makes it of a second entry of its log about the envelope."""
    birch, row = receipts.case.birch.exchange, await receipts.case.package()
    event = events.received(claims_of(row), organisation_id=uuid4())
    appended = await birch.own_log.append(event.model_copy(update={"key": f"{row.id}:received:again"}))
    proof = await birch.proofs.members_for(receipts.case.alder.entity_id, appended)
    return receipts.changed(receipts.r2, lambda _: {**proof, "consistency": None})


async def told(states: TwoStates, receipts: Receipts) -> list[str]:
    """The acts of the chain, from the holder's side."""
    await tell(states)
    return [link.act for link in (await proven(states, await chain_of(states.alder, receipts.case.id))).links]


@pytest.mark.requirement("EX-8", "LOG-CHAIN")
async def test_an_outcome_that_names_another_arrival_than_the_first_receipt_is_refused(states: TwoStates) -> None:
    receipts = await unseen(states)
    await receipts.answer(receipts.r1)
    answer = await receipts.send(await of_another_arrival(receipts))
    assert (code_of(answer), "refusal" in json.loads(answer.body)) == ("wrong-leaf", True)
    row = await receipts.case.package()
    assert (row.state, row.r2) == (Outgoing.RECEIVED, None)
    assert (await receipts.send(receipts.r2)).status == 204
    assert await told(states, receipts) == ACTS


@pytest.mark.requirement("EX-8", "LOG-CHAIN")
async def test_a_first_receipt_that_comes_late_and_names_another_arrival_counts_as_none(states: TwoStates) -> None:
    receipts = await unseen(states)
    assert (await receipts.send(await of_another_arrival(receipts))).status == 204
    with pytest.raises(WrongLeaf):
        await receipts.answer(receipts.r1)
    row = await receipts.case.package()
    assert (row.state, row.r1) == (Outgoing.PROCESSED, None)
