"""An operator recalls an answer that waits: until its receipt has come, and not afterwards."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import update

from safepassage.problems.dead_letters import AnswerNotRecallable
from services.audit.disclosures.called_back import called_back
from services.records.exchange.states import Outgoing
from services.records.tables import OutgoingEnvelopeRow
from tests.records.exchange.behind import waiting_for_the_log
from tests.records.exchange.forging import Forger, code_of, genuine
from tests.records.exchange.listener import birch_away
from tests.records.exchange.operators import letters, recalled, requeued
from tests.records.exchange.two_states import Case, TwoStates

pytestmark = pytest.mark.anyio


async def waits_for_its_tick(case: Case) -> None:
    """It leaves in a quarter of an hour."""
    row = await case.package()
    later = {"leaves_at": case.alder.clock() + timedelta(minutes=15), "next_attempt_at": case.alder.clock() + timedelta(minutes=15)}
    async with case.alder.exchange.database.transaction() as tx:
        await tx.execute(update(OutgoingEnvelopeRow).where(OutgoingEnvelopeRow.id == row.id).values(**later))


@pytest.mark.requirement("EX-recall")
async def test_what_is_recalled_before_it_leaves_never_does_and_the_peer_hears_what_everybody_hears(states: TwoStates) -> None:
    case = await states.queued()
    await waits_for_its_tick(case)
    row = await case.package()
    async with birch_away(states) as knocks:
        letter = await recalled(states.alder, row.id)
        await states.alder.do("telling")
        await states.alder.one("dispatching", row.id)
        assert knocks.connections == 0
    assert (letter.code, letter.state, letter.can, letter.arrived) == ("recalled", "open", ("requeue", "give-up"), False)
    held = await case.package()
    assert (held.state, held.ciphertext) == (Outgoing.WITHDRAWN, None)
    [entry] = await waiting_for_the_log(states.alder, "disclosure-withdrawn", case)
    assert (entry["context"]["outcome"], entry["context"]["reason"]) == ("never-sent", "recalled")
    [act] = [one for one in await waiting_for_the_log(states.alder, "receipt", case) if one["context"]["operation"] == "exchange-recall"]
    assert (act["actor"]["role"], act["context"]["reason"]) == ("registrar", "wrong-recipient")
    await case.answer()
    await case.finish()
    assert [one.kind for one in await case.received()] == ["not-provided"]


async def test_the_districts_copy_of_further_disclosures_knows_by_the_envelope_what_was_recalled(states: TwoStates) -> None:
    case = await states.queued()
    await waits_for_its_tick(case)
    row = await case.package()
    async with birch_away(states):
        await recalled(states.alder, row.id)
        await states.alder.do("telling")
    await states.alder.tell()
    audit = states.alder.node.applications["audit"].state
    async with audit.database.reading() as tx:
        assert await called_back(tx, audit.keys, {str(row.id)}) == {str(row.id): "never-sent"}


@pytest.mark.requirement("EX-recall")
async def test_what_may_have_left_is_refused_when_it_comes_late(states: TwoStates) -> None:
    case = await states.queued()
    late = await genuine(case)
    async with birch_away(states):
        await case.deliver()
        await recalled(states.alder, (await case.package()).id)
    await states.alder.do("telling")
    answer = await Forger(states).send(late.body)
    assert (answer.status, code_of(answer)) == (410, "answer-withdrawn")
    assert await case.received() == []
    [told] = [one for one in await waiting_for_the_log(states.birch, "receipt", case) if one["context"]["operation"] == "exchange-ending"]
    assert (told["context"]["outcome"], told["context"]["envelope_id"]) == ("recalled", late.claims["envelope_id"])
    await case.answer()
    await case.finish()
    assert (await case.told()).state == "not-provided"


@pytest.mark.requirement("EX-recall")
async def test_what_had_arrived_when_it_was_recalled_says_so_with_its_receipt(states: TwoStates) -> None:
    case = await states.queued()
    body = (await genuine(case)).body
    async with birch_away(states):
        await case.deliver()
    await Forger(states).send(body)  # it arrived; its receipt was lost
    letter = await recalled(states.alder, (await case.package()).id)
    assert not letter.arrived
    await states.alder.do("telling")
    row = await case.package()
    [received] = await case.received()
    assert (row.state, row.r1) == (Outgoing.WITHDRAWN, received.r1)
    told = (await letters(states.alder))[row.id]
    assert (told.arrived, told.can) == (True, ("give-up",))
    await case.file()
    assert (await case.told()).state == "applied"


@pytest.mark.requirement("EX-recall")
async def test_what_was_acknowledged_is_not_recalled(states: TwoStates) -> None:
    case = await states.queued()
    await case.deliver()
    with pytest.raises(AnswerNotRecallable):
        await recalled(states.alder, (await case.package()).id)
    await case.finish()
    assert (await case.package()).state == Outgoing.PROCESSED
    with pytest.raises(AnswerNotRecallable):
        await recalled(states.alder, (await case.package()).id)


async def test_what_is_held_back_stays_so_until_an_operator_sends_it_again(states: TwoStates) -> None:
    case = await states.queued()
    first = await case.package()
    await waits_for_its_tick(case)
    await recalled(states.alder, first.id)
    await case.answer()
    await case.finish()
    await case.answer()  # whatever makes it look again: new facts, a person's word
    assert [row.kind for row in await case.envelopes() if row.state != Outgoing.WITHDRAWN] == ["not-provided", "not-provided"]
    await requeued(states.alder, first.id)
    await case.answer()
    [again] = [row for row in await case.envelopes() if row.kind == "package" and row.state == Outgoing.QUEUED]
    assert again.id != first.id
    assert again.decision_id not in (None, first.decision_id)
    assert again.entry_index not in (None, first.entry_index)
    await case.finish()
    assert (await case.told()).state == "applied"


async def test_a_recall_beside_a_delivery_has_one_outcome_that_both_sides_know(states: TwoStates) -> None:
    case = await states.queued()
    row = await case.package()
    done = await asyncio.gather(states.alder.one("dispatching", row.id), recalled(states.alder, row.id), return_exceptions=True)
    await states.alder.do("telling")
    held, received = await case.package(), await case.received()
    if isinstance(done[1], AnswerNotRecallable):
        assert held.state == Outgoing.RECEIVED
    else:
        assert held.state == Outgoing.WITHDRAWN
    packages = [one for one in received if one.kind == "package"]
    assert (held.r1 is not None) == bool(packages)
