"""Envelopes go packed to a node that says that it takes them so, and as they were signed to any other; what is filed is the same."""

import json
import tracemalloc
from typing import Any, Final
from uuid import uuid4

import pytest
from fastapi import Request

from node.statement import sign_statement
from node.statement_keys import CURRENT
from safepassage.canonical import digest_of, to_base64url
from safepassage.compact import split
from safepassage.envelope import CONTENT_TYPE as ENVELOPE_TYPE
from safepassage.envelope import envelope_body
from safepassage.message_batches import CONTENT_TYPE as BATCH_TYPE
from safepassage.message_batches import BatchAnswers, batch_body
from safepassage.node_statement import TAKEN, NodeStatement
from safepassage.packed import PACKED, PACKED_BATCH, packed
from safepassage.problems.requests import TemporarilyUnavailable
from safepassage.trust_members import Member
from services.records.exchange.batches import Take
from services.records.exchange.peers import PeerAnswer
from services.records.exchange.receiving import take_envelope, take_packed
from services.records.exchange.states import Asked, Outgoing
from services.records.tables import QuarantineRow
from shared.keys import SigningKey
from tests.records.exchange.as_sent import messages_of
from tests.records.exchange.forging import Forger, genuine
from tests.records.exchange.test_batches import at_once, queued_together
from tests.records.exchange.test_pulling import behind_a_firewall, settle
from tests.records.exchange.two_states import Case, State, TwoStates

pytestmark = pytest.mark.anyio

LARGE: Final = 4 * 1024 * 1024
"""Bytes of ciphertext; everything else is a hundredth of it."""


class NotedLine:
    """In the place of a node's client for others: everything arrives, and of what is handed over type and bytes are kept."""

    def __init__(self, sender: State) -> None:
        self._peers = sender.exchange.deliveries._peers
        self.sent: list[tuple[str, bytes]] = []
        self.not_taken: tuple[str, ...] = ()
        """Content types that the door on the other side does not know."""

    async def post(self, member: Member, path: str, content: bytes, **about: Any) -> PeerAnswer:
        """As `Peers.post`."""
        if "envelope" in path:
            self.sent.append((about["content_type"], content))
        if about["content_type"] in self.not_taken:
            return PeerAnswer(415, b"", None)
        return await self._peers.post(member, path, content, **about)


@pytest.fixture
def line(states: TwoStates, monkeypatch: pytest.MonkeyPatch) -> NotedLine:
    """From Alder."""
    noted = NotedLine(states.alder)
    monkeypatch.setattr(states.alder.exchange.deliveries, "_peers", noted)
    return noted


async def birch_says(states: TwoStates, also: dict[str, Any] | None) -> None:
    """Birch's next statement, as a node of another make, or of a later version, might have it; Alder hears of it."""
    folder = states.birch.folder
    sign_statement(folder.file, folder.keys, folder.statement, now=states.clock())
    claims = split(folder.statement.read_text().strip())[1]
    claims.pop("also")
    signer = SigningKey.load(folder.keys / "operator" / CURRENT)
    token = signer.sign_compact(typ=NodeStatement.TYPE, payload=claims | ({} if also is None else {"also": also}))
    folder.statement.write_text(token)
    await states.alder.exchange.statements.handed_in(states.birch.entity_id, token)


@pytest.mark.requirement("EX-packed")
async def test_to_who_says_that_it_takes_them_they_go_packed(states: TwoStates, line: NotedLine) -> None:
    await birch_says(states, {TAKEN: ["application/x-of-a-later-version", PACKED]})
    case = await states.queued()
    as_signed = (await genuine(case)).body
    await case.finish()
    assert (await case.asked()).state == Asked.APPLIED
    assert line.sent == [(PACKED, packed(as_signed))]
    signed_part = int.from_bytes(as_signed[:4], "big")
    assert len(as_signed) - len(line.sent[0][1]) > signed_part // 4 - 12  # a quarter of it stays at home


@pytest.mark.requirement("EX-packed")
async def test_several_go_packed_together(states: TwoStates, line: NotedLine) -> None:
    await birch_says(states, {TAKEN: [PACKED]})
    cases = await queued_together(states, 3)
    as_signed = {(await genuine(case)).body for case in cases}
    await at_once(states.alder, "dispatching", [(await case.package()).id for case in cases])
    assert {PACKED_BATCH} <= {content_type for content_type, _ in line.sent} <= {PACKED, PACKED_BATCH}
    assert {one for content_type, content in line.sent for one in messages_of(content, content_type)} == as_signed
    for case in cases:
        await case.finish()
        assert (await case.package()).state == Outgoing.PROCESSED


@pytest.mark.requirement("EX-packed")
@pytest.mark.parametrize("also", [None, {"reads": "braille"}, {TAKEN: PACKED}, {TAKEN: None}, {TAKEN: ["application/x-other"]}])
async def test_to_any_other_they_go_as_they_were_signed(states: TwoStates, line: NotedLine, also: dict[str, Any] | None) -> None:
    await birch_says(states, also)
    alone, *others = await queued_together(states, 3)
    as_signed = {(await genuine(case)).body for case in (alone, *others)}
    await alone.deliver()
    await at_once(states.alder, "dispatching", [(await case.package()).id for case in others])
    assert {content_type for content_type, _ in line.sent} == {ENVELOPE_TYPE, BATCH_TYPE}
    assert {one for content_type, content in line.sent for one in messages_of(content, content_type)} == as_signed
    for case in (alone, *others):
        await case.finish()
    assert (await alone.asked()).state == Asked.APPLIED


@pytest.mark.requirement("EX-packed")
async def test_who_went_back_to_an_older_version_gets_them_as_they_were_signed_at_once(states: TwoStates, line: NotedLine) -> None:
    await birch_says(states, {TAKEN: [PACKED]})
    line.not_taken = (PACKED, PACKED_BATCH)
    alone, *others = await queued_together(states, 3)
    await alone.deliver()
    await at_once(states.alder, "dispatching", [(await case.package()).id for case in others])
    assert [content_type for content_type, _ in line.sent] == [PACKED, ENVELOPE_TYPE, PACKED_BATCH, BATCH_TYPE]
    for case in (alone, *others):
        await case.finish()
        assert (await case.asked()).state == Asked.APPLIED


@pytest.mark.requirement("EX-packed")
@pytest.mark.parametrize("also", [None, {TAKEN: [PACKED]}])
async def test_who_fetches_gets_them_as_it_says_that_it_takes_them(states: TwoStates, also: dict[str, Any] | None) -> None:
    cases = [await states.queued() for _ in range(2)]
    async with behind_a_firewall(states, states.birch):
        await birch_says(states, also)
        await settle(states, states.birch)
        assert {(await case.package()).state for case in cases} == {Outgoing.PROCESSED}


@pytest.mark.requirement("EX-packed")
async def test_what_is_not_packed_rightly_is_refused_alone_and_is_taken_again_in_either_form(states: TwoStates) -> None:
    cases, forger = await queued_together(states, 2), Forger(states)
    first, second = [(await genuine(case)).body for case in cases]
    bad = packed(second)[:-1]
    alone = await forger.send(b"\0\0\0\x02{}", content_type=PACKED)
    assert (alone.status, json.loads(alone.body)["code"]) == (400, "envelope-malformed")
    assert "packed" in json.loads(alone.body)["remedy"]
    unnamed = await forger.send(packed(first))
    assert (unnamed.status, json.loads(unnamed.body)["code"]) == (400, "malformed-token")
    answer = await forger.send(
        batch_body([packed(first), b"\xff", first, bad]), content_type=PACKED_BATCH, path="/v1/peer/envelope-batches"
    )
    answers = BatchAnswers.model_validate_json(answer.body).answers
    assert [one.status for one in answers] == [200, 400, 400, 422]
    assert [json.loads(one.body)["code"] for one in answers[1:]] == ["envelope-malformed", "envelope-malformed", "other-ciphertext"]
    assert [len(await case.received()) for case in cases] == [1, 0]
    again = [await forger.send(first), await forger.send(packed(first), content_type=PACKED)]
    assert [(one.status, one.body.decode()) for one in again] == [(200, answers[0].body)] * 2
    await finished(cases)


async def finished(cases: list[Case]) -> None:
    for case in cases:
        await case.finish()
        assert (await case.told()).state == "applied"


@pytest.mark.requirement("EX-packed")
async def test_what_is_refused_for_good_is_refused_and_kept_alike_in_either_form(states: TwoStates) -> None:
    case, forger = await states.queued(), Forger(states)
    there = await genuine(case)
    jws = forger.sign(there.claims | {"recipient_organisation": str(uuid4())})
    forged, about = envelope_body(jws, there.ciphertext), digest_of(jws.encode())
    answers = [
        await forger.send(forged),
        await forger.send(packed(forged), content_type=PACKED),
        one_of(await forger.send(batch_body([packed(forged)]), content_type=PACKED_BATCH, path="/v1/peer/envelope-batches")),
    ]
    refusals = [split(json.loads(one.body)["refusal"])[1] for one in answers]
    assert [(one["about"], one["code"], one["status"]) for one in refusals] == [(about, "other-recipient", 422)] * 3
    assert [one.status for one in answers] == [422] * 3
    [kept] = [row for row in await states.birch.rows(QuarantineRow) if row.message_digest == about]
    assert (kept.times, kept.size, kept.jws) == (3, len(forged), jws)
    await case.deliver()
    await case.finish()


def one_of(answer: PeerAnswer) -> PeerAnswer:
    """What the only message of a batch was answered."""
    [one] = BatchAnswers.model_validate_json(answer.body).answers
    return PeerAnswer(one.status, one.body.encode(), None)


@pytest.mark.parametrize("take", [take_envelope, take_packed], ids=["as it was signed", "packed"])
async def test_of_a_large_envelope_one_copy_is_held_while_anything_is_waited_for(
    states: TwoStates, monkeypatch: pytest.MonkeyPatch, take: Take
) -> None:
    body = envelope_body(".".join(map(to_base64url, (b"{}", b"{}", b"s"))), bytes(LARGE))
    sent = memoryview(packed(body) if take is take_packed else body)
    held: list[int] = []

    async def refresh() -> None:
        held.append(tracemalloc.get_traced_memory()[0])
        raise TemporarilyUnavailable

    monkeypatch.setattr(states.birch.exchange.trust, "refresh", refresh)
    tracemalloc.start()
    try:
        with pytest.raises(TemporarilyUnavailable):
            await take(states.birch.exchange, Request({"type": "http"}), states.alder.entity_id, bytes(sent))
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (held[0] // LARGE, most // LARGE) == (1, 2)
