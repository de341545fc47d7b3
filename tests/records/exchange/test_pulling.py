"""A node behind a firewall is never called: it fetches what is for it, and a whole exchange goes in both directions."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from node.statement import sign_statement
from safepassage.envelope import envelope_body
from safepassage.message_batches import BatchAnswers, split_batch
from safepassage.packed import packed
from safepassage.problems.findings import NobodyToAsk
from safepassage.problems.pulling import BothPull, PeerPulls
from safepassage.pulled import OUTBOX_PATH, PulledAnswer, PulledAnswers
from services.records.exchange.peers import PeerAnswer
from services.records.exchange.pulling import pull_round
from services.records.exchange.states import Asked, Outgoing, Request
from services.records.tables import ArrivedNoticeRow, EndingRow, OutgoingEnvelopeRow, OutgoingNoticeRow
from tests.records.exchange.findings import find, found
from tests.records.exchange.forging import code_of
from tests.records.exchange.listener import Listener, away
from tests.records.exchange.operators import recalled
from tests.records.exchange.other_claimants import say
from tests.records.exchange.test_peers_standing import install, next_list
from tests.records.exchange.two_states import KINDS, State, TwoStates

pytestmark = pytest.mark.anyio


async def pulls(states: TwoStates, *who: State) -> None:
    """The trust list says that these nodes pull, and no other."""
    changed = {state.entity_id: {"delivery": "pull" if state in who else "push"} for state in (states.alder, states.birch)}
    document = next_list(states, change=dict(changed), previous=states.alder.exchange.trust._held)
    for state in (states.alder, states.birch):
        install(state, document)
        await state.exchange.trust.refresh()
        await state.node.applications["gateway"].state.trust.refresh()


@asynccontextmanager
async def behind_a_firewall(states: TwoStates, state: State) -> AsyncIterator[Listener]:
    """The node pulls, and nobody gets through to it."""
    await pulls(states, state)
    try:
        async with away(state) as knocks:
            yield knocks
            assert knocks.connections == 0
    finally:
        await pulls(states)


async def outbox(asking: State, asked: State, kind: str, **query: str | int) -> PeerAnswer:
    """What waits at `asked` for `asking`."""
    exchange = asking.exchange
    return await exchange.peers.get(exchange.trust.member(asked.entity_id), f"{OUTBOX_PATH}/{kind}", query)


async def settle(states: TwoStates, puller: State) -> None:
    """Everything that is due at both, and what is fetched, until there is nothing."""
    await pull_round(puller.exchange)  # its statement goes in first: without it nobody knows who calls
    while True:
        for state in (states.birch, states.alder, states.birch):
            await state.do(*KINDS)
            await state.tell()
        if not await pull_round(puller.exchange):
            break


@pytest.mark.requirement("EX-pull")
async def test_a_requester_that_cannot_be_called_gets_its_record(states: TwoStates) -> None:
    child = states.child()
    await states.alder.load(child)
    case = await states.ask(child.selector)
    async with behind_a_firewall(states, states.birch):
        await settle(states, states.birch)
        row = await case.package()
        assert (row.state, (await case.asked()).state) == (Outgoing.PROCESSED, Asked.APPLIED)
        assert row.attempts == 1
        assert {(await outbox(states.birch, states.alder, kind)).status for kind in ("requests", "envelopes", "receipts")} == {204}
    [received] = await case.received()
    assert (row.r1, row.r2) == (received.r1, received.r2)
    assert (await case.told()).state == "applied"


@pytest.mark.requirement("EX-pull")
async def test_a_holder_that_cannot_be_called_fetches_the_request_and_answers_it(states: TwoStates) -> None:
    child = states.child()
    await states.alder.load(child)
    case = await states.ask(child.selector)
    async with behind_a_firewall(states, states.alder):
        await settle(states, states.alder)
        assert (await case.asked()).state == Asked.APPLIED
        asked = await case.asked()
        request = await case.request()
        assert (request.state, asked.accepted) == (Request.ANSWERED, request.accepted)
        row = await case.package()
        assert (row.state, row.r2 is not None) == (Outgoing.PROCESSED, True)


@pytest.mark.requirement("EX-pull")
async def test_a_node_that_cannot_be_called_is_asked_whether_it_has_a_child_and_asks_nobody(states: TwoStates) -> None:
    child = states.child()
    await states.alder.load(child)
    finding = await find(states.birch, child.selector)
    async with behind_a_firewall(states, states.alder):
        await settle(states, states.alder)
        assert await found(states.birch, finding.id) == {states.alder.entity_id: "perhaps"}
    await pulls(states, states.birch)
    with pytest.raises(NobodyToAsk):
        await find(states.birch, child.selector)
    await pulls(states)


@pytest.mark.requirement("EX-pull")
async def test_what_is_fetched_is_what_would_be_delivered_page_by_page(states: TwoStates) -> None:
    cases = [await states.queued() for _ in range(3)]
    async with behind_a_firewall(states, states.birch):
        for case in cases:
            await case.deliver()
            row = await case.package()
            assert (row.state, row.attempts) == (Outgoing.QUEUED, 0)  # nobody tries: it waits
        waiting = {row.id: row for row in await states.alder.rows(OutgoingEnvelopeRow) if row.state == Outgoing.QUEUED}
        first = await outbox(states.birch, states.alder, "envelopes", limit=2)
        assert first.next is not None
        after = first.next.partition("after=")[2]
        second = await outbox(states.birch, states.alder, "envelopes", limit=2, after=after)
        given = [*split_batch(first.body), second.body]
        assert given == [packed(envelope_body(row.jws or "", row.ciphertext or b"")) for _, row in sorted(waiting.items())]
        assert second.next is None
        other = await outbox(states.birch, states.alder, "receipts", after=after)
        assert other.status == 422
        await settle(states, states.birch)
        for case in cases:
            assert (await case.package()).state == Outgoing.PROCESSED


async def test_before_an_envelope_is_given_out_its_decision_is_asked_for_again(states: TwoStates) -> None:
    case = await states.queued()
    district = (await case.package()).custodian_id
    assert district is not None
    async with behind_a_firewall(states, states.birch):
        async with states.alder.without("privacy"):
            assert (await outbox(states.birch, states.alder, "envelopes")).status == 204
        await states.alder.change_organisation(district, onward_transfer_agreed=None)
        assert (await outbox(states.birch, states.alder, "envelopes")).status == 204
        assert (await case.package()).state == Outgoing.WITHDRAWN
        await states.alder.change_organisation(district, onward_transfer_agreed="agreed again")
        await settle(states, states.birch)
    assert (await case.told()).state == "applied"


async def test_an_ending_is_fetched_too_and_an_envelope_that_was_given_out_may_have_arrived(states: TwoStates) -> None:
    case = await states.queued()
    async with behind_a_firewall(states, states.birch):
        await outbox(states.birch, states.alder, "envelopes")  # and lost on the way
        assert (await case.package()).state == Outgoing.IN_FLIGHT
        await recalled(states.alder, (await case.package()).id)
        await settle(states, states.birch)
        [ending] = [one for one in await states.alder.rows(EndingRow) if one.exchange_id == case.id]
        assert ending.state == "told"
    assert [one.kind for one in await case.received()] == ["not-provided"]


async def test_what_became_of_the_transfer_is_fetched_like_everything_else(states: TwoStates) -> None:
    case = await states.queued()
    await case.finish()
    await say(states, "new-district", case, "enrolled", on=states.clock().date())
    async with behind_a_firewall(states, states.alder):
        await settle(states, states.alder)
        [notice] = [one for one in await states.birch.rows(OutgoingNoticeRow) if one.exchange_id == case.id]
        assert (notice.state, notice.taken is not None) == ("delivered", True)
    assert [one.exchange_id for one in await states.alder.rows(ArrivedNoticeRow)] == [case.id]


async def test_the_holder_that_forgot_what_it_had_shown_shows_a_path_when_it_is_wanted(states: TwoStates) -> None:
    case = await states.queued()
    async with behind_a_firewall(states, states.alder):
        states.alder.exchange.proofs._shown.clear()  # as after a start
        await settle(states, states.alder)
        assert (await case.package()).state == Outgoing.PROCESSED


async def test_nobody_is_told_what_waits_for_another_and_who_pulls_is_never_called(states: TwoStates) -> None:
    case = await states.queued()
    assert (await outbox(states.alder, states.birch, "envelopes")).status == 204
    async with behind_a_firewall(states, states.birch):
        exchange = states.alder.exchange
        member = exchange.trust.member(states.birch.entity_id)
        with pytest.raises(PeerPulls):
            await exchange.peers.get(member, "/v1/peer/consistency", {})
        with pytest.raises(PeerPulls):
            await exchange.deliveries.hand_over(member, "envelopes", b"")
        await settle(states, states.birch)
    assert (await case.package()).state == Outgoing.PROCESSED


async def test_a_statement_is_taken_from_a_member_that_pulls_and_by_its_signature_alone(states: TwoStates) -> None:
    alder, birch = states.alder, states.birch
    member, statement = birch.exchange.trust.member(alder.entity_id), birch.folder.statement.read_bytes().strip()

    async def handed_in(token: bytes) -> PeerAnswer:
        return await birch.exchange.peers.post_openly(member, "/v1/node-statements", token, content_type="application/jose")

    assert code_of(await handed_in(statement)) == "statement-not-expected"
    async with behind_a_firewall(states, birch):
        sign_statement(birch.folder.file, birch.folder.keys, birch.folder.statement, now=states.clock())
        newer = birch.folder.statement.read_bytes().strip()
        assert (await handed_in(newer)).status == 204
        assert alder.exchange.statements.known(birch.entity_id) is not None
        assert code_of(await handed_in(statement)) == "statement-rolled-back"
        assert code_of(await handed_in(newer[:-4] + b"AAAA")) == "bad-signature"


async def test_two_nodes_of_which_neither_can_be_called_are_told_so_at_once(states: TwoStates) -> None:
    child = states.child()
    await pulls(states, states.alder, states.birch)
    try:
        with pytest.raises(BothPull):
            await states.ask(child.selector)
    finally:
        await pulls(states)


@pytest.mark.requirement("EX-8", "EX-pull")
async def test_an_answer_that_was_given_to_another_envelope_is_refused(states: TwoStates) -> None:
    earlier, case = await states.queued(), await states.queued()
    await earlier.deliver()
    receipt, waiting = (await earlier.package()).r1, await case.package()
    async with behind_a_firewall(states, states.birch):
        said = PulledAnswers(answers=(PulledAnswer(id=waiting.id, status=200, body=receipt),))
        exchange = states.birch.exchange
        path, content = f"{OUTBOX_PATH}/envelopes/answers", said.model_dump_json().encode()
        answer = await exchange.peers.post(exchange.trust.member(states.alder.entity_id), path, content, content_type="application/json")
        [one] = BatchAnswers.model_validate_json(answer.body).answers
        assert (one.status, json.loads(one.body)["code"]) == (422, "receipt-of-another-envelope")
        assert ((await case.package()).state, (await case.package()).r1) == (waiting.state, None)
        await settle(states, states.birch)
    assert (await case.package()).state == Outgoing.PROCESSED
