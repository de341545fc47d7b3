"""R2 is there before R1: the answer with R1 was lost on its way. The record arrived, and whatever asks whether it did is told so."""

from typing import Any

import pytest
from sqlalchemy import update

from safepassage.problems.exchanges import PeerUnavailable
from safepassage.trust_members import Member
from services.records.exchange.arrived import has_arrived
from services.records.exchange.peers import PeerAnswer, Peers
from services.records.exchange.requeueing import answered_requests
from services.records.exchange.states import Outgoing
from services.records.exchange.timelines import answers_out
from services.records.readiness_evidence import _envelopes
from services.records.tables import OutgoingEnvelopeRow
from tests.records.exchange.test_chains import ACTS, chain_of, proven, tell
from tests.records.exchange.two_states import Case, TwoStates

pytestmark = pytest.mark.anyio


class AnswersAreLost:
    """In the place of Alder's client for its peers: what it hands over arrives, and it never hears so."""

    def __init__(self, states: TwoStates) -> None:
        self._exchange: Any = states.alder.exchange
        self._peers: Peers = self._exchange.peers

    def __enter__(self) -> None:
        self._exchange.peers = self._exchange.deliveries._peers = self

    def __exit__(self, *_: object) -> None:
        self._exchange.peers = self._exchange.deliveries._peers = self._peers

    async def post(self, member: Member, path: str, content: bytes, **about: Any) -> PeerAnswer:
        """It is answered, and nobody hears it."""
        await self._peers.post(member, path, content, **about)
        raise PeerUnavailable


async def outcome_first(states: TwoStates) -> Case:
    """A record that was delivered and filed, of whose arrival Alder knows by R2 alone."""
    case = await states.queued()
    with AnswersAreLost(states):
        await case.deliver()
    await case.file()
    await case.acknowledge()
    row = await case.package()
    assert (row.state, row.r1, row.r2 is None) == (Outgoing.PROCESSED, None, False)
    assert has_arrived(row)
    await tell(states)
    return case


@pytest.mark.requirement("LOG-CHAIN", "EX-1")
async def test_both_nodes_tell_the_chain_and_nothing_is_missing_of_it(states: TwoStates) -> None:
    case = await outcome_first(states)
    for state in (states.alder, states.birch):
        chain = await proven(states, await chain_of(state, case.id))
        assert [link.act for link in chain.links] == [act for act in ACTS if act != "receipt-recorded"]
        assert (chain.missing, chain.outcome, chain.peer) == ((), "applied", "answered")
        assert chain.origin is not None


async def test_it_counts_as_receipted_and_answered_with_a_package_and_its_times_are_told(states: TwoStates) -> None:
    database = states.alder.exchange.database
    before = await database.read(lambda connection: _envelopes(connection, states.clock()))
    case = await outcome_first(states)
    after = await database.read(lambda connection: _envelopes(connection, states.clock()))
    more = {name for name in after if after[name] == before[name] + 1}
    assert more >= {
        "envelopes_sent", "envelopes_receipted", "packages_receipted", "packages_answered", "packages_filed", "notices_sampled",
        "notices_acknowledged",
    }  # fmt: skip
    row, request = await case.package(), await case.request()
    [answered] = (await database.read(lambda connection: answered_requests(connection, [row.id]))).values()
    assert answered.has_package
    async with states.alder.exchange.database.transaction() as tx:
        await tx.execute(update(OutgoingEnvelopeRow).where(OutgoingEnvelopeRow.id == row.id).values(state=Outgoing.REJECTED))
    [answered] = (await database.read(lambda connection: answered_requests(connection, [row.id]))).values()
    assert answered.has_package  # rejected for good, it was there
    [step] = await database.read(lambda connection: answers_out(connection, request.id))
    [received] = await case.received()
    assert step.stored_at == received.stored_at.replace(microsecond=0)
