"""A receipt counts as it was signed and logged, for the envelope that was sent, or not at all: whatever in it is changed, it is refused."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest

from safepassage.canonical import digest_of
from safepassage.compact import assemble, signing_input, split
from safepassage.envelope import CONTENT_TYPE, envelope_body
from safepassage.problems import SuiteError
from safepassage.receipt import Receipt
from services.records.exchange.peers import PeerAnswer
from services.records.exchange.receipts import take_receipt
from services.records.exchange.states import Outgoing
from services.records.tables import OutgoingEnvelopeRow
from shared.keys import SigningKey
from tests.records.exchange.forging import code_of, flipped
from tests.records.exchange.two_states import Case, TwoStates

pytestmark = pytest.mark.anyio

Claims = dict[str, Any]
OTHER = digest_of(b"something else")


OR = " or "
"""The path to the entry before is as long, or it is not: that depends on how many entries the log has."""

CHANGES: dict[str, tuple[str, Callable[[Claims], Claims]]] = {
    "iss": ("wrong-issuer", lambda _: {"iss": "https://cedar.example"}),
    "aud": ("wrong-audience", lambda _: {"aud": "https://cedar.example"}),
    "exchange_id": ("receipt-of-another-envelope", lambda _: {"exchange_id": str(uuid4())}),
    "envelope_id": ("no-such-envelope", lambda _: {"envelope_id": str(uuid4())}),
    "envelope_digest": ("receipt-of-another-envelope", lambda _: {"envelope_digest": OTHER}),
    "request_digest": ("receipt-of-another-envelope", lambda _: {"request_digest": OTHER}),
    "subject_commit": ("receipt-of-another-envelope", lambda _: {"subject_commit": OTHER}),
    "recipient_organisation": ("receipt-of-another-envelope", lambda _: {"recipient_organisation": str(uuid4())}),
    "redisclosure_notice_digest": ("notice-differs", lambda _: {"redisclosure_notice_digest": OTHER}),
    "no notice at all": ("notice-differs", lambda _: {"redisclosure_notice_digest": None}),
    "iat": ("message-not-yet-valid", lambda claims: {"iat": claims["iat"] + 3600}),
    "entry": ("inclusion-not-proven", lambda claims: {"entry": flipped(claims["entry"])}),
    "index": (f"inclusion-not-proven{OR}wrong-path-length", lambda claims: {"index": claims["index"] - 1}),
    "path": ("inclusion-not-proven", lambda claims: {"path": flipped(claims["path"])}),
    "checkpoint's log": ("foreign-log", lambda claims: {"checkpoint": claims["checkpoint"].replace("\n", "x\n", 1)}),
    "checkpoint's size": ("checkpoint-signature-invalid", lambda claims: {"checkpoint": claims["checkpoint"].replace("\n", "\n1", 1)}),
}


@dataclass(frozen=True)
class Receipts:
    """R1 and R2 of one exchange, made by Birch, not seen by Alder."""

    case: Case
    r1: str
    r2: str
    key: SigningKey

    def changed(self, token: str, change: Callable[[Claims], Claims], *, typ: str = Receipt.TYPE) -> str:
        """A receipt with something changed, signed by Birch again."""
        claims = split(token)[1]
        signed = signing_input(typ=typ, kid=self.key.kid, payload={**claims, **change(claims)})
        return assemble(signed, self.key.sign(signed))

    async def send(self, token: str | bytes) -> PeerAnswer:
        """R2 through Alder's door."""
        exchange, alder = self.case.birch.exchange, self.case.alder.entity_id
        body = token if isinstance(token, bytes) else token.encode()
        return await exchange.peers.post(exchange.trust.member(alder), "/v1/peer/receipts", body, content_type="application/jose")

    async def answer(self, token: str) -> None:
        """R1, as the answer to an attempt."""
        exchange = self.case.alder.exchange
        await take_receipt(exchange, exchange.trust.member(self.case.birch.entity_id), token, outcomes=("received",))

    async def untouched(self) -> bool:
        """Alder waits for both, as before."""
        row: OutgoingEnvelopeRow = await self.case.package()
        return (row.state, row.r1, row.r2) == (Outgoing.QUEUED, None, None) and row.ciphertext is not None


async def unseen(states: TwoStates) -> Receipts:
    """Of a record that Birch has filed; Alder heard nothing of it."""
    case = await states.queued()
    row = await case.package()
    birch, alder = states.birch.exchange, states.alder.exchange
    body = envelope_body(row.jws or "", row.ciphertext or b"")
    answer = await alder.peers.post(alder.trust.member(states.birch.entity_id), "/v1/peer/envelopes", body, content_type=CONTENT_TYPE)
    await case.file()
    [received] = await case.received()
    assert received.r1 == answer.body.decode()
    return Receipts(case, received.r1, received.r2 or "", birch.signing.keys["Ed25519"])


@pytest.fixture(scope="module")
async def receipts(states: TwoStates) -> Receipts:
    return await unseen(states)


@pytest.mark.requirement("EX-8")
@pytest.mark.parametrize("what", CHANGES)
async def test_a_changed_receipt_of_filing_is_refused_and_changes_nothing(receipts: Receipts, what: str) -> None:
    codes, change = CHANGES[what]
    answer = await receipts.send(receipts.changed(receipts.r2, change))
    assert code_of(answer) in codes.split(OR)
    assert "refusal" in json.loads(answer.body)
    assert await receipts.untouched()


@pytest.mark.requirement("EX-8", "EX-notice-acknowledged")
@pytest.mark.parametrize("what", CHANGES)
async def test_a_changed_first_receipt_counts_as_none(receipts: Receipts, what: str) -> None:
    codes, change = CHANGES[what]
    with pytest.raises(SuiteError) as refused:
        await receipts.answer(receipts.changed(receipts.r1, change))
    assert refused.value.code in codes.split(OR)
    assert await receipts.untouched()


async def test_a_receipt_under_another_signature_or_of_another_type_or_in_the_others_place_is_refused(receipts: Receipts) -> None:
    signed, _, signature = receipts.r2.rpartition(".")
    assert code_of(await receipts.send(f"{signed}.{flipped(signature)}")) == "bad-signature"
    assert code_of(await receipts.send(receipts.changed(receipts.r2, lambda _: {}, typ="sp-accepted+jws"))) == "unexpected-type"
    assert code_of(await receipts.send(receipts.r1)) == "receipt-of-another-envelope"
    assert code_of(await receipts.send(receipts.r2.encode() + b"\xff")) == "malformed-token"
    with pytest.raises(SuiteError):
        await receipts.answer(receipts.r2)
    assert await receipts.untouched()


async def test_after_all_that_the_genuine_ones_are_taken(receipts: Receipts) -> None:
    await receipts.answer(receipts.r1)
    assert (await receipts.send(receipts.r2)).status == 204
    row = await receipts.case.package()
    assert (row.state, row.r1, row.r2, row.ciphertext) == (Outgoing.PROCESSED, receipts.r1, receipts.r2, None)


async def test_what_is_on_record_stays_whatever_receipt_comes_later(receipts: Receipts) -> None:
    """Runs after the genuine ones were taken."""
    held = await receipts.case.package()
    again = receipts.changed(receipts.r2, lambda claims: {"stored_at": claims["stored_at"] - 1})
    assert (await receipts.send(again)).status == 204
    rejected = receipts.changed(receipts.r2, lambda _: {"outcome": "rejected", "reason": "record-not-filed"})
    assert code_of(await receipts.send(rejected)) == "message-id-reused"
    row = await receipts.case.package()
    assert (row.state, row.r2) == (held.state, receipts.r2)
