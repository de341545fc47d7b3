"""Another maker's node (peer/, in JavaScript), written from docs/wire.md and docs/wire-messages.md, exchanges records with one of ours."""

from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest

from node.demo.seats import MOVER_DISTRICT
from safepassage.compact import split
from safepassage.problems.requests import InvalidRequest
from safepassage.wire_transfers import NewTransferNotice
from services.records.tables import OutgoingEnvelopeRow
from shared.clock import system_clock
from tests.npm.peers import Network
from tests.npm.scripts import conversing, script
from tests.records.exchange.requests_for import new_request
from tests.records.exchange.two_states import ordinary_students

pytestmark = [pytest.mark.anyio, pytest.mark.npm]

TODAY = system_clock().date()
NOBODY = {"first_name": "Nobody", "last_name": "Of that name", "birth_date": "2012-03-04"}
ABOUT = {"sections": ["identity", "enrollment"], "organisation": "birch-elementary"}
OF_ITS_FORMATS = {
    "xwing",
    "mlkem1024_p384",
    "sealing",
    "chunks",
    "curve25519_ell2_nu",
    "messages",
    "batches",
    "packed",
    "leaf",
    "inclusion",
    "consistency",
    "notes",
    "cosignatures",
    "trust_list",
}
REQUESTS = {
    "signed by another key": "401 bad-signature",
    "with a key in its header": "400 malformed-token",
    "named a receipt": "400 unexpected-type",
    "with a member twice": "400 malformed-token",
    "with a number that has a fraction": "400 malformed-token iat",
    "with a byte order mark": "400 malformed-token",
    "expired": "422 message-expired",
    "ahead": "422 message-not-yet-valid",
    "for too long": "422 message-not-yet-valid",
    "of another version": "422 unsupported-version",
    "with a member more": "400 malformed-token extra",
    "of an id that is no UUIDv7": "400 malformed-token jti",
    "for another node": "401 wrong-audience",
    "under an id that was used": "422 message-id-reused",
    "sealed in another context": "422 ciphertext-unopened",
    "sealed for another exchange": "422 sealed-ids-differ",
    "for a purpose that is not served": "422 purpose-not-served",
    "for a section that is none": "422 unknown-section sections",
    "on an attestation of long ago": "422 evidence-not-accepted evidence.official.attested_at",
    "without who it is": "400 malformed-token",
    "with half a character": "400 malformed-token",
    "with a name that is null": "400 malformed-token person",
    "for an organisation of two words": "400 malformed-token evidence.receiving_organisation.id",
    "with a key that is none": "400 malformed-token answer_key",
}
RECEIPTS = {
    "that does not say where it was logged": "422 without-proof",
    "of a log that forked": "422 consistency-not-proven",
    "of a log that forked and is as long": "422 consistency-not-proven",
    "proven by another entry": "422 wrong-leaf",
    "proven by an entry of something else": "422 receipt-of-another-envelope",
    "proven by an entry of another content": "422 receipt-of-another-envelope",
    "about another child": "422 receipt-of-another-envelope",
    "that acknowledges no notice": "422 notice-differs",
    "of an envelope that there is not": "404 no-such-envelope",
    "rejected for no reason": "400 malformed-token",
}
NOTICES = {
    "that is over": "422 message-expired",
    "of another exchange": "422 other-exchange",
    "whose entry is of something else": "422 wrong-leaf",
    "whose entry has another content": "422 leaf-of-another-exchange",
    "whose ciphertext is another": "422 other-ciphertext",
    "sealed to a key that nobody has": "422 encryption-key-unknown",
    "of no suite": "422 suite-not-supported",
    "sealed in another place": "422 ciphertext-unopened",
    "that says another exchange inside": "422 sealed-ids-differ",
    "in another form": "422 plaintext-not-committed",
    "with a null inside": "422 plaintext-not-committed",
    "of no kind": "400 malformed-token kind",
    "without a day": "400 malformed-token",
    "of the first day that there is": "400 malformed-token effective_on",
    "of a day that does not come": "400 malformed-token effective_on",
    "that is the holder's to say": "422 notice-not-yours",
    "of elements that were not sent": "422 notice-not-yours",
    "that it went on to no node": "400 malformed-token onward.node",
    "without where it went on to": "400 malformed-token",
}
ENVELOPES = {
    "without its ciphertext": "400 envelope-malformed unsigned",
    "of another request": "422 other-exchange",
    "for another organisation": "422 other-recipient",
    "of another kind": "422 other-exchange",
    "whose ciphertext was changed": "422 other-ciphertext",
    "whose time is over": "422 message-expired",
    "sealed to another key": "422 encryption-key-unknown",
    "of a suite that there is not": "422 suite-not-supported",
    "that proves nothing": "422 without-proof",
    "logged as something else": "422 wrong-leaf",
    "that nobody decided": "422 decision-missing",
    "proven by the entry of another": "422 leaf-of-another-exchange",
    "of a log under another key": "422 checkpoint-not-signed",
    "of a log that is not ours": "422 foreign-log",
}


async def test_it_comes_to_the_bytes_of_the_vectors() -> None:
    counted = await script("peer/vectors.mjs")
    assert set(counted) == OF_ITS_FORMATS
    assert all(counted.values())


@pytest.mark.requirement("EX-other-makers")
@pytest.mark.parametrize(("name", "at"), [("asking", 0), ("bound to FIPS", 4)])
async def test_it_asks_verifies_opens_and_acknowledges_a_record(beside: Network, name: str, at: int) -> None:
    alder, told = beside.alder, beside.told[name]
    child = ordinary_students()[at]
    await alder.load(child)
    person = child.selector.model_dump(mode="json", exclude_none=True)
    said = await script("peer/asks.mjs", **told, **ABOUT, person=person, nobody=NOBODY)

    assert said["accepted"] == [[202, True]] * 2
    assert said["refused"] == {**REQUESTS, **RECEIPTS, **{f"a notice {name}": answer for name, answer in NOTICES.items()}}
    record = said["content"]["record"]
    assert person["last_name"].startswith(record["identity"]["name"]["last_1"])
    assert set(record) == {"v", "identity", "enrollment", "provenance", "statements"}
    assert said["nobody"] == "not-provided"
    assert said["filed"] == [[204, 204]] * 2
    assert said["notices"] == [[200, True]] * 2
    assert said["ended"] == 204

    async with alder.client("state-agency") as operator:
        listed = await operator.list_exchanges(direction="in", peer=told["entity_id"])
        steps = [await operator.read_exchange(one.id) for one in listed.content.exchanges]
    [package] = [step for step in steps if step.exchange_id == UUID(said["exchange_id"])]
    [nothing] = [step for step in steps if step is not package]
    assert (package.state, nothing.state) == ("answered", "closed")
    sent = [row for row in await alder.rows(OutgoingEnvelopeRow) if row.recipient_node == told["entity_id"]]
    assert len(sent) == 2
    for row in sent:  # what only another version knows is passed over
        assert split(row.r2)[1]["also"] == split(row.r1)[1]["also"] == {"made_by": "another maker", "since": [2026, None]}
    ends = [[(answer.kind, answer.state, answer.filed_at is not None) for answer in step.answers] for step in (package, nothing)]
    assert ends == [[("package", "processed", True)], [("not-provided", "processed", True)]]

    await alder.tell()  # what came of it is told to the log behind
    async with alder.client("state-agency") as auditor:
        chain = (await auditor.read_redisclosure_chain(package.exchange_id)).chain
    assert (chain.peer, chain.outcome) == ("unreachable", "applied")
    assert [one.act for one in chain.missing] == ["requested", "filed"]


@pytest.mark.requirement("EX-other-makers")
async def test_one_that_cannot_be_called_fetches_a_record_and_shows_how_its_log_grew(beside: Network) -> None:
    alder, told = beside.alder, beside.told["pulling"]
    child = ordinary_students()[3]
    await alder.load(child)
    said = await script("peer/pulls.mjs", **told, **ABOUT, person=child.selector.model_dump(mode="json", exclude_none=True))
    exchange_id = UUID(said.pop("exchange_id"))
    assert said.pop("wanted") == [409, "consistency-wanted"]
    assert said == {"handed": 204, "kind": "package", "taken": [204], "shown": 204, "filed": 204, "rest": 204}
    async with alder.client("state-agency") as operator:
        [held] = (await operator.list_exchanges(direction="in", peer=told["entity_id"])).content.exchanges
        [answer] = (await operator.read_exchange(held.id)).answers
    assert (held.exchange_id, answer.kind, answer.state) == (exchange_id, "package", "processed")


@pytest.mark.requirement("EX-other-makers")
async def test_it_answers_with_a_record_that_our_node_files(beside: Network) -> None:
    alder, told = beside.alder, beside.told["holding"]
    first, second, third = (
        new_request(
            child.selector,
            holder=told["entity_id"],
            district=alder.organisation(MOVER_DISTRICT),
            now=alder.clock(),
            sections=("identity",),
        )
        for child in ordinary_students()[5:8]
    )
    async with conversing("peer/holds.mjs", **told) as heard, alder.client("former-district") as district:
        assert await heard() == {"ready": True}
        asked = await district.create_exchange_request(first, idempotency_key=str(uuid4()))
        said = await heard()
        assert said["person"] == first.person.model_dump(mode="json", exclude_none=True)
        assert said["refused"] == ENVELOPES
        received, applied = ({"outcome": outcome, "reason": None} for outcome in ("received", "applied"))
        assert said["right"] == {"first": received, "same": True, "second": applied}
        assert said["more"] == [409, "exchange-closed"]
        record = await district.read_received_record(asked.id)
        assert (await district.read_received_record_naming_unread(asked.id)).unread_elements == ("identity.name",)
        assert record.identity is not None
        assert record.identity.name is not None
        assert record.identity.name.last_1 == first.person.last_name

        assert said["notices"] == [200, "notice-not-yours"]
        with pytest.raises(InvalidRequest):
            far = NewTransferNotice(kind="no-show", effective_on=date(9999, 12, 31), official=first.evidence.official)
            await district.send_transfer_notice(asked.id, far, idempotency_key=str(uuid4()))
        for kind, day in (("enrolled", TODAY), ("withdrawn", TODAY + timedelta(days=1))):
            notice = NewTransferNotice(kind=kind, effective_on=day, official=first.evidence.official)
            await district.send_transfer_notice(asked.id, notice, idempotency_key=str(uuid4()))

        await alder.tell()  # that it was filed is told to the log behind
        chain = (await district.read_redisclosure_chain(asked.id)).chain
        ours, theirs = alder.entity_id, told["entity_id"]
        proven = [("requested", ours), ("request-received", theirs), ("disclosed", theirs), ("received", ours), ("filed", ours)]
        assert [(link.act, link.node) for link in chain.links] == proven
        assert [one.act for one in chain.missing] == ["receipt-recorded", "outcome-recorded"]  # it tells no parts of chains

        other = await district.create_exchange_request(second, idempotency_key=str(uuid4()))
        said = await heard()
        assert said["second"] == {"outcome": "rejected", "reason": "ciphertext-unopened"}
        assert said["heard"] == [{"kind": "enrolled", "on": TODAY.isoformat()}, {"kind": "withdrawn", "on": str(TODAY + timedelta(days=1))}]
        told_of_first = (await district.list_transfer_notices(exchange_id=asked.id)).content.notices
        assert {(one.kind, one.direction, one.state) for one in told_of_first} == {
            ("concurrent-claims", "received", "received"), ("enrolled", "sent", "delivered"), ("withdrawn", "sent", "delivered"),
        }  # fmt: skip
        assert said["tokens"] == 1  # a nonce that is asked for costs a proof, and no token
        assert (await district.read_exchange_request(other.id)).state == "rejected"

        refused = await district.create_exchange_request(third, idempotency_key=str(uuid4()))
        while (told_of := await district.read_exchange_request(refused.id)).state == "requested":
            pass  # each look is a call
        assert (told_of.state, told_of.problem_code, told_of.remedy) == ("refused", "not-on-tuesdays", None)
