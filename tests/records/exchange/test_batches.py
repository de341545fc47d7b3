"""Several exchanges at once: together on the wire, in the log and in the store, and each by itself whatever happens to another."""

import asyncio
import json
from uuid import uuid4

import pytest

from safepassage.batch_signatures import ALGORITHM
from safepassage.canonical import from_base64url
from safepassage.claims import verify_message
from safepassage.compact import split
from safepassage.envelope import envelope_body
from safepassage.message_batches import CONTENT_TYPE, BatchAnswer, BatchAnswers, batch_body
from safepassage.receipt import Receipt
from safepassage.wire_exchange import NewExchangeRequests
from services.records.exchange.exchange import Job
from services.records.exchange.states import Incoming, Outgoing
from services.records.tables import PeerRequestRow, QuarantineRow
from tests.records.exchange.forging import Forger, genuine
from tests.records.exchange.two_states import Case, State, TwoStates

pytestmark = pytest.mark.anyio


async def asked_together(states: TwoStates, count: int) -> list[Case]:
    """Children whose records are at Alder, asked for in one call of Birch's information system."""
    children = [states.child() for _ in range(count)]
    for child in children:
        await states.alder.load(child)
    asked = NewExchangeRequests(requests=tuple(states.new_request(child.selector) for child in children))
    async with states.birch.client("new-district") as client:
        answered = await client.create_exchange_requests(asked, idempotency_key=str(uuid4()))
    assert all(one.problem is None for one in answered.answers)
    return [Case(states, one.request.id) for one in answered.answers if one.request is not None]


async def at_once(state: State, job: Job, keys: list[object]) -> None:
    """Take up these rows at one moment."""
    await asyncio.gather(*(state.exchange.works[job]._do(key, None) for key in keys))


async def queued_together(states: TwoStates, count: int) -> list[Case]:
    """Their packages wait at Alder."""
    cases = await asked_together(states, count)
    await at_once(states.birch, "asking", [case.id for case in cases])
    await at_once(states.alder, "answering", [(await case.request()).id for case in cases])
    assert {(await case.package()).state for case in cases} == {Outgoing.QUEUED}
    return cases


async def post(forger: Forger, path: str, members: list[bytes]) -> tuple[BatchAnswer, ...]:
    answer = await forger.send(batch_body(members), content_type=CONTENT_TYPE, path=path)
    assert answer.status == 200
    return BatchAnswers.model_validate_json(answer.body).answers


def code_of(answer: BatchAnswer) -> str:
    return str(json.loads(answer.body)["code"])


@pytest.mark.requirement("EX-batch")
async def test_what_goes_together_has_its_own_entry_proof_and_receipts_and_one_signature(states: TwoStates) -> None:
    for state, other in ((states.alder, states.birch), (states.birch, states.alder)):
        await state.exchange.statements.of(other.entity_id)  # whoever has to get it is behind the others
    cases = await queued_together(states, 5)
    await at_once(states.alder, "dispatching", [(await case.package()).id for case in cases])
    keys = [(row.issuer, row.id) for case in cases for row in await case.received()]
    await at_once(states.birch, "opening", list(keys))
    await at_once(states.birch, "acknowledging", list(keys))
    rows = [await case.package() for case in cases]
    assert {row.state for row in rows} == {Outgoing.PROCESSED}
    assert {(await case.told()).state for case in cases} == {"applied"}
    assert len({row.entry_index for row in rows}) == len(rows)
    messages = {name: [getattr(row, name) for row in rows] for name in ("jws", "r1", "r2")}
    messages["request"] = [(await case.asked()).token for case in cases]
    messages["accepted"] = [(await case.asked()).accepted or "" for case in cases]
    for name, tokens in messages.items():
        assert {split(token)[0]["alg"] for token in tokens} == {ALGORITHM}, name
        assert len({from_base64url(token.rpartition(".")[2])[-64:] for token in tokens}) == 1, name
    birch = states.birch.exchange.signing.believed(states.birch.exchange.signing.public_keys())
    assert verify_message(rows[2].r2 or "", kind=Receipt, keys=birch).message.exchange_id == cases[2].id


@pytest.mark.requirement("EX-batch")
async def test_one_bad_member_is_refused_alone_and_the_rest_is_taken(states: TwoStates) -> None:
    forger, cases = Forger(states), await queued_together(states, 4)
    held = [await genuine(case) for case in cases]
    stolen = f"{held[1].jws.rpartition('.')[0]}.{held[0].jws.rpartition('.')[2]}"
    members = [
        held[0].body,
        envelope_body(stolen, held[1].ciphertext),
        envelope_body(held[2].jws, held[3].ciphertext),
        b"no envelope",
        held[3].body,
        held[3].body,
    ]
    before = {row.message_digest for row in await states.birch.rows(QuarantineRow)}
    answers = await post(forger, "/v1/peer/envelope-batches", members)
    assert [one.status for one in answers[1:4]] == [401, 422, 400]
    assert [code_of(one) for one in answers[1:4]] == ["bad-signature", "other-ciphertext", "envelope-malformed"]
    assert [json.loads(one.body).get("refusal") is not None for one in answers[1:4]] == [True, True, False]
    assert {(row.code) for row in await states.birch.rows(QuarantineRow) if row.message_digest not in before} == {
        "bad-signature",
        "other-ciphertext",
    }
    assert answers[0].status == 200
    # The same envelope twice in one batch: stored once; what is not told now is told when it is sent again.
    assert {answers[4].status, answers[5].status} <= {200, 409}
    assert 200 in {answers[4].status, answers[5].status}
    again = await post(forger, "/v1/peer/envelope-batches", [held[3].body, held[0].body])
    assert [one.status for one in again] == [200, 200]
    assert again[1].body == answers[0].body
    assert [[row.state for row in await case.received()] for case in cases] == [[Incoming.RECEIVED], [], [], [Incoming.RECEIVED]]
    for case in cases:
        await case.finish()
    assert {(await case.told()).state for case in cases} == {"applied"}


async def test_receipts_and_requests_of_a_batch_are_taken_or_refused_by_themselves(states: TwoStates) -> None:
    cases = await queued_together(states, 3)
    forger = Forger(states)
    asked = [(await case.asked()).token for case in cases]
    requests = [asked[0], asked[1].rpartition(".")[0] + ".AAAA", "nothing", asked[2]]
    to_alder = states.birch.exchange.peers
    member = states.birch.exchange.trust.member(states.alder.entity_id)
    body = batch_body([one.encode() for one in requests])
    answer = await to_alder.post(member, "/v1/peer/request-batches", body, content_type=CONTENT_TYPE)
    answers = BatchAnswers.model_validate_json(answer.body).answers
    assert [one.status for one in answers] == [202, 401, 400, 202]
    assert answers[0].body == (await cases[0].asked()).accepted
    assert len([row for row in await states.alder.rows(PeerRequestRow) if row.exchange_id in {case.id for case in cases}]) == 3
    assert (await post(forger, "/v1/peer/receipt-batches", [b"nothing", b"\xff"]))[1].status == 400
    for case in cases:
        await case.finish()


async def test_a_batch_of_another_form_is_refused_whole_and_nothing_of_it_is_kept(states: TwoStates) -> None:
    forger = Forger(states)
    answer = await forger.send(b"\0\0\0\x09", content_type=CONTENT_TYPE, path="/v1/peer/envelope-batches")
    assert (answer.status, json.loads(answer.body)["code"]) == (422, "batch-malformed")


async def test_what_cannot_be_asked_for_is_told_alone_and_the_same_batch_again_makes_nothing_twice(states: TwoStates) -> None:
    first, second = states.child(), states.child()
    good = states.new_request(first.selector)
    bad = states.new_request(second.selector).model_copy(update={"sections": ("no-such-section",)})
    other = good.model_copy(update={"holder": "https://stranger.example"})
    asked, key = NewExchangeRequests(requests=(good, bad, other)), str(uuid4())
    async with states.birch.client("new-district") as client:
        made = await client.create_exchange_requests(asked, idempotency_key=key)
        again = await client.create_exchange_requests(asked, idempotency_key=key)
    codes = [None if one.problem is None else one.problem.code for one in made.answers]
    assert codes == [None, "unknown-section", "not-a-member"]
    assert [one.request for one in again.answers] == [one.request for one in made.answers]
    assert made.answers[0].request is not None
    assert made.answers[0].request.state == "requested"
    await states.settle()
