"""Another maker's node (peer/) and ours hand records over with documents, in chunks, either way."""

from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest

from node.demo.seats import MOVER_DISTRICT
from safepassage.canonical import digest_of
from services.records.attachments.scanner import Scanner
from services.records.tables import OutgoingEnvelopeRow
from tests.npm.peers import Network
from tests.npm.scripts import conversing
from tests.records.attachments.clamd_double import clamd_double
from tests.records.attachments.files import pdf
from tests.records.exchange.documents import MIB, keep
from tests.records.exchange.requests_for import SECTIONS, new_request
from tests.records.exchange.two_states import ordinary_students

pytestmark = [pytest.mark.anyio, pytest.mark.npm]

CARD, SCAN = pdf(b"<< /Title (a card) >>"), pdf(b"<< /Title (a scanned form) >> %" + b"x" * (2 * MIB))


@pytest.fixture(autouse=True)
async def scanner(beside: Network) -> AsyncIterator[None]:
    async with clamd_double() as double:
        beside.alder.exchange.scanner = beside.alder.records.state.scanner = Scanner(double.address)
        yield


@pytest.mark.requirement("EX-other-makers")
async def test_it_is_sent_the_documents_of_a_record_and_after_a_break_what_is_missing(beside: Network) -> None:
    alder, told = beside.alder, beside.told["asking for documents"]
    birch = told["entity_id"]
    child = next(one for one in ordinary_students()[40:] if "health.immunizations" in one.load.record.elements())
    student_id = await alder.load(child)
    for content in (CARD, SCAN):
        await keep(alder, student_id, content, "health.immunizations")
    about = {"sections": SECTIONS, "organisation": "birch-elementary", "person": child.selector.model_dump(mode="json", exclude_none=True)}
    async with conversing("peer/asks_for_documents.mjs", **told, **about) as heard:
        exchange_id = UUID(await heard())
        assert await heard() == "broken"
        while not (broken := [row.id for row in await alder.rows(OutgoingEnvelopeRow) if row.attempts and row.recipient_node == birch]):
            pass  # each look is a read
        await alder.one("dispatching", broken[0])  # in five seconds it would be tried again
        said = await heard()
    assert said["announced"] == 2
    assert said["order"] == [0, 1, 2, 3]
    assert {one["digest"] for one in said["documents"]} == {digest_of(CARD), digest_of(SCAN)}
    assert {(one["element"], one["media_type"]) for one in said["documents"]} == {("health.immunizations", "application/pdf")}
    assert (said["same"], said["filed"]) == (True, 204)
    async with alder.client("state-agency") as operator:
        held = (await operator.list_exchanges(direction="in", peer=birch)).content.exchanges
        [answer] = [one for step in held if step.exchange_id == exchange_id for one in (await operator.read_exchange(step.id)).answers]
    assert (answer.kind, answer.state) == ("package", "processed")


REJECTED = {
    "whose digest is another": "attachments-differ",
    "whose place is another": "attachments-differ",
    "bound to another envelope": "chunk-not-opened",
    "longer than its chunks": "chunk-not-opened",
    "of an element that is not in the record": "attachments-differ",
    "of an element that takes none": "attachments-differ",
    "that is no PDF": "attachment-type-differs",
    "that runs a script": "attachment-unsafe",
}


@pytest.mark.requirement("EX-other-makers")
async def test_it_hands_documents_over_that_our_node_examines_and_files(beside: Network) -> None:
    alder, told = beside.alder, beside.told["holding documents"]
    district = alder.organisation(MOVER_DISTRICT)
    first, *others = (
        new_request(child.selector, holder=told["entity_id"], district=district, now=alder.clock(), attachments=True)
        for child in ordinary_students()[10 : 11 + len(REJECTED)]
    )
    plain = new_request(ordinary_students()[30].selector, holder=told["entity_id"], district=district, now=alder.clock())
    async with conversing("peer/holds_documents.mjs", **told) as heard, alder.client("former-district") as client:
        assert await heard() == {"ready": True}
        asked = await client.create_exchange_request(first, idempotency_key=str(uuid4()))
        said = await heard()
        assert said["wrong"] == {
            "of another body": "422 other-ciphertext",
            "a chunk too early": "404 body-not-announced unsigned",
            "an envelope too early": "409 body-incomplete unsigned",
            "an envelope without all chunks": "409 body-incomplete unsigned",
            "a chunk in the place of another": "422 chunk-refused",
            "a chunk of a body that was refused": "404 body-not-announced unsigned",
        }
        assert (said["asked"], said["wanted"], said["left"], said["stored"], said["rest"]) == (True, [[0, 3]], [[0, 1], [2, 3]], "204", [])
        assert said["statuses"] == [200, 204, 204, 204, 204]
        assert (said["done"]["same"], said["done"]["second"]) == (True, {"outcome": "applied", "reason": None})
        filed = await client.read_exchange_request(asked.id)
        assert filed.student_id is not None
        documents = (await client.list_attachments(filed.student_id)).attachments
        assert {(one.element, one.exchange_id) for one in documents} == {("health.immunizations", asked.id)}
        assert len([await client.read_attachment(filed.student_id, one.id) for one in documents]) == 2

        for request in (*others, plain):
            await client.create_exchange_request(request, idempotency_key=str(uuid4()))
        said = await heard()
        assert said["rejected"] == REJECTED
        assert said["unwanted"] == "413 body-too-large-here"
