"""A receipt of filing that does not come is asked for; what never comes is on record, and a person can see it."""

import json
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import update

from safepassage.trust_members import Member
from services.records.exchange.inquiring import ASKED_FOR
from services.records.exchange.peers import PeerAnswer, Peers
from services.records.exchange.receipts import ASKED_AGAIN_AFTER
from services.records.exchange.states import Outgoing
from services.records.exchange.work import as_stored
from services.records.tables import OutgoingEnvelopeRow
from tests.records.exchange.behind import waiting_for_the_log
from tests.records.exchange.listener import birch_away
from tests.records.exchange.two_states import Case, TwoStates

pytestmark = pytest.mark.anyio


async def delivered(states: TwoStates) -> Case:
    """Birch has a package, and Alder R1."""
    case = await states.queued()
    await case.deliver()
    row = await case.package()
    assert (row.state, row.next_attempt_at) == (Outgoing.RECEIVED, as_stored(states.clock() + ASKED_AGAIN_AFTER))
    return case


@pytest.mark.requirement("EX-1")
async def test_a_receipt_that_was_lost_is_asked_for_and_taken_as_if_it_had_come(states: TwoStates) -> None:
    case = await delivered(states)
    await states.advance(days=1)
    await states.alder.do("inquiring")
    waits = await case.package()
    assert (waits.state, waits.r2, waits.next_attempt_at) == (Outgoing.RECEIVED, None, as_stored(states.clock() + ASKED_AGAIN_AFTER))
    await case.file()
    [received] = await case.received()
    async with birch_away(states):
        await states.advance(days=1)
        await states.alder.do("inquiring")
    assert (await case.package()).r2 is None
    await states.advance(days=1)
    await states.alder.do("inquiring")
    row = await case.package()
    assert (row.state, row.r2, row.next_attempt_at) == (Outgoing.PROCESSED, received.r2, None)
    await case.acknowledge()
    assert (await case.package()).r2 == received.r2


async def test_a_peer_is_told_of_its_own_envelopes_alone(states: TwoStates) -> None:
    case = await delivered(states)
    peers, member = states.alder.exchange.peers, states.alder.exchange.trust.member(states.birch.entity_id)
    [received] = await case.received()
    answers = [await peers.get(member, f"/v1/peer/receipts/{one}", {}) for one in (received.id, uuid4())]
    assert [(one.status, json.loads(one.body)["code"]) for one in answers] == [(409, "not-processed-yet"), (404, "not-received")]
    back = states.birch.exchange.peers
    other = await back.get(states.birch.exchange.trust.member(states.alder.entity_id), f"/v1/peer/receipts/{received.id}", {})
    assert other.status == 404


async def test_what_is_never_told_is_on_record_once_and_not_asked_for_any_more(states: TwoStates) -> None:
    case = await delivered(states)
    row = await case.package()
    over = {"expires_at": states.clock() - ASKED_FOR, "next_attempt_at": states.clock()}
    async with states.alder.exchange.database.transaction() as tx:
        await tx.execute(update(OutgoingEnvelopeRow).where(OutgoingEnvelopeRow.id == row.id).values(**over))
    for _ in range(2):
        await states.alder.one("inquiring", row.id)
    told = [one for one in await waiting_for_the_log(states.alder, "receipt", case) if one["context"]["outcome"] == "overdue"]
    assert [one["context"]["envelope_id"] for one in told] == [str(row.id)]
    after = await case.package()
    assert (after.state, after.next_attempt_at) == (Outgoing.RECEIVED, None)


class OldAnswers:
    """In the place of Alder's client for its peers: Birch answers with a receipt that it gave before, for something else."""

    def __init__(self, states: TwoStates, receipt: str) -> None:
        self._exchange: Any = states.alder.exchange
        self._peers: Peers = self._exchange.peers
        self._answer = PeerAnswer(200, receipt.encode(), None)

    def __enter__(self) -> None:
        self._exchange.peers = self._exchange.deliveries._peers = self

    def __exit__(self, *_: object) -> None:
        self._exchange.peers = self._exchange.deliveries._peers = self._peers

    async def post(self, _: Member, path: str, content: bytes, **about: Any) -> PeerAnswer:
        """To every envelope."""
        assert path == "/v1/peer/envelopes"
        return self._answer

    async def get(self, _: Member, path: str, query: object) -> PeerAnswer:
        """To whoever asks for a receipt."""
        assert path.startswith("/v1/peer/receipts/")
        return self._answer


@pytest.mark.requirement("EX-1", "EX-8")
async def test_an_old_receipt_is_no_answer_to_another_envelope(states: TwoStates) -> None:
    earlier, case = await delivered(states), await states.queued()
    with OldAnswers(states, (await earlier.package()).r1):
        await case.deliver()
    row = await case.package()
    assert (row.state, row.r1, row.attempts) == (Outgoing.IN_FLIGHT, None, 1)
    assert row.next_attempt_at > as_stored(states.clock())
    await states.advance(days=1)
    await case.deliver()
    assert (await case.package()).state == Outgoing.RECEIVED


@pytest.mark.requirement("EX-8")
async def test_an_old_receipt_of_filing_says_nothing_of_another_record(states: TwoStates) -> None:
    earlier = await delivered(states)
    await earlier.file()
    await earlier.acknowledge()
    case = await delivered(states)
    await states.advance(days=1)
    with OldAnswers(states, (await earlier.package()).r2):
        await states.alder.one("inquiring", (await case.package()).id)
    row = await case.package()
    assert (row.state, row.r2, row.next_attempt_at) == (Outgoing.RECEIVED, None, as_stored(states.clock() + ASKED_AGAIN_AFTER))
