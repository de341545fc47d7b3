"""Documents of a record: who loads and reads them, what is refused, what is on disk, and what ends them."""

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from safepassage.problems.requests import BodyTooLarge
from safepassage.wire_attachments import Attachment, Attachments
from services.records import bodies
from services.records.attachments import routes
from services.records.attachments.scanner import Scanner
from services.records.shredding import Shredder
from services.records.tables import AttachmentRow, BodyChunkRow, BodyRow, SectionRow, StudentRow
from shared.in_process import Answer
from tests.links import linked
from tests.records.attachments.clamd_double import EICAR, ClamdDouble, clamd_double
from tests.records.attachments.files import IEP, pdf, stream
from tests.records.one_state import DISTRICT, OTHER_DISTRICT, OneState, problem, some_students

pytestmark = pytest.mark.anyio

CHILD = next(one for one in some_students() if one.district.key == DISTRICT and "special_education.iep" in one.load.record.elements())
MIB = 1024 * 1024
LARGE = pdf(stream(b"no text", about=b"/Subtype /Image /Filter /DCTDecode", compress=False), b"<< >> %" + b"x" * (2 * MIB))


@pytest.fixture
async def daemon(alder: OneState) -> AsyncIterator[ClamdDouble]:
    """The node has a scanner; nothing is left of what other tests have loaded."""
    state = alder.records.state
    await bodies.sweep(state.database, alder.clock() + timedelta(hours=2))
    async with clamd_double() as double:
        kept, state.scanner = state.scanner, Scanner(double.address)
        yield double
        state.scanner = kept


@pytest.fixture
async def child(alder: OneState, daemon: ClamdDouble) -> UUID:
    """A student of the district with an IEP."""
    return (await alder.district().load(CHILD.load)).id


async def load(
    alder: OneState, child: UUID, content: bytes = IEP, *, element: str = "special_education.iep", by: str = DISTRICT, **about: str
) -> Answer:
    identifier, media_type = about.get("id", str(uuid4())), about.get("media_type", "application/pdf")
    path, query = f"/v1/students/{child}/attachments/{identifier}", f"element={element}&dated=2026-09-15"
    return await alder.district(by).send("PUT", path, content, query=query, content_type=media_type)


async def loaded(alder: OneState, child: UUID, content: bytes = IEP, **about: str) -> Attachment:
    answer = await load(alder, child, content, **about)
    assert answer.status == 201, answer.body
    return Attachment.model_validate_json(answer.body)


async def listed(alder: OneState, child: UUID) -> tuple[Attachment, ...]:
    answer = await alder.district().send("GET", f"/v1/students/{child}/attachments")
    return Attachments.model_validate_json(answer.body).attachments


@pytest.mark.requirement("EX-documents")
@pytest.mark.parametrize("content", [IEP, LARGE], ids=["small", "of-three-chunks"])
async def test_a_document_is_read_back_as_it_was_and_each_step_is_on_the_log(alder: OneState, child: UUID, content: bytes) -> None:
    told = await loaded(alder, child, content)
    assert await listed(alder, child) == (told,)
    path = f"/v1/students/{child}/attachments/{told.id}"
    answer = await alder.district().send("GET", linked("records.load_attachment", "records.read_attachment", path=path))
    assert answer.body == content
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"] == "attachment"
    await alder.tell()
    logged = [one.context for one in await alder.logged("load", "read") if one.context and "attachment" in one.context["operation"]]
    assert {one["operation"] for one in logged[-3:]} == {"attachment-list", "attachment-read", "attachment-load"}
    assert all(tuple(one["elements"]) == ("special_education.iep",) for one in logged[-3:])


async def test_of_more_documents_than_are_told_the_newest_are_and_how_many_are_not(
    alder: OneState, child: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    for content in (IEP, LARGE):
        alder.clock.advance(seconds=1)
        newest = await loaded(alder, child, content)
    monkeypatch.setattr(routes, "MOST_TOLD", 1)
    answer = await alder.district().send("GET", f"/v1/students/{child}/attachments")
    assert Attachments.model_validate_json(answer.body) == Attachments(attachments=(newest,), older=1)


async def test_what_is_not_logged_is_not_shown(alder: OneState, child: UUID) -> None:
    told = await loaded(alder, child)
    with alder.audit_gone():
        for path in ("", f"/{told.id}"):
            answer = await alder.district().send("GET", f"/v1/students/{child}/attachments{path}")
            assert problem(answer) == "log-unavailable"


@pytest.mark.requirement("EX-3")
async def test_on_disk_there_is_nothing_of_it_in_clear(alder: OneState, child: UUID) -> None:
    canary = b"CanaryOfThisDocument" * 3
    await loaded(alder, child, pdf(b"<< /T (" + canary + b") >>"))
    await alder.records.state.database.write(lambda connection: None)
    folder = alder.node.folder.path
    files = [file for file in folder.rglob("*") if file.is_file()]
    assert len(files) > 10
    for file in files:
        assert canary not in file.read_bytes(), file.name
        assert b"%PDF-1." not in file.read_bytes(), file.name  # four bytes are in some ciphertext by chance


@pytest.mark.requirement("EX-documents")
async def test_malware_a_wrong_type_and_a_dead_scanner_leave_nothing_behind(alder: OneState, child: UUID, daemon: ClamdDouble) -> None:
    assert problem(await load(alder, child, pdf(b"% " + EICAR))) == "attachment-infected"
    assert problem(await load(alder, child, media_type="image/png")) == "attachment-type-differs"
    assert problem(await load(alder, child, pdf(b"<< /S /JavaScript >>"))) == "attachment-unsafe"
    assert problem(await load(alder, child, b"")) == "attachment-empty"
    assert problem(await load(alder, child, media_type="application/zip")) == "unsupported-media-type"
    daemon.mood = "errs"
    answer = await load(alder, child)
    assert (problem(answer), answer.status) == ("scanner-unavailable", 503)
    assert await listed(alder, child) == ()
    state = alder.records.state
    assert await bodies.sweep(state.database, alder.clock()) == 0  # somebody may be going on with them
    await bodies.sweep(state.database, alder.clock() + timedelta(hours=2))
    assert await alder.rows(BodyRow) == []
    assert await alder.rows(BodyChunkRow) == []


@pytest.mark.requirement("EX-documents")
async def test_without_a_scanner_no_document_is_taken_and_the_setting_is_named(alder: OneState, child: UUID) -> None:
    alder.records.state.scanner = Scanner(None)
    answer = await load(alder, child)
    assert (problem(answer), answer.status) == ("scanner-not-configured", 501)
    assert b"SAFE_PASSAGE_SCANNER_ADDRESS" in answer.body


async def test_a_document_belongs_to_an_element_that_the_record_holds_and_that_takes_some(alder: OneState, child: UUID) -> None:
    for element in ("identity.name", "contacts.addresses", "programmes.homeless", "discipline.restraint", "no.such"):
        assert problem(await load(alder, child, element=element)) == "element-takes-no-attachment"


async def test_strangers_learn_of_no_student_and_load_nothing(alder: OneState, child: UUID) -> None:
    told = await loaded(alder, child)
    assert problem(await load(alder, child, by=OTHER_DISTRICT)) == "no-such-student"
    for caller in (alder.district(OTHER_DISTRICT), alder.vendor()):
        for path in ("", f"/{told.id}"):
            answer = await caller.send("GET", f"/v1/students/{child}/attachments{path}")
            assert problem(answer) == "no-such-student"
    answer = await alder.district().send("GET", f"/v1/students/{child}/attachments/{uuid4()}")
    assert problem(answer) == "no-such-attachment"


async def test_the_same_document_under_its_id_changes_nothing_and_another_is_refused(alder: OneState, child: UUID) -> None:
    told = await loaded(alder, child)
    again = await load(alder, child, id=str(told.id))
    assert Attachment.model_validate_json(again.body) == told
    for other in (IEP + b"\n", IEP[:-1] + b" "):
        assert problem(await load(alder, child, other, id=str(told.id))) == "attachment-exists"
    assert len(await alder.rows(AttachmentRow)) == 1
    assert len(await alder.rows(BodyRow)) == 1


async def test_what_is_too_long_for_the_node_or_for_the_student_is_refused(alder: OneState, child: UUID) -> None:
    state = alder.records.state
    kept = state.settings
    try:
        state.settings = kept.model_copy(update={"max_attachment_bytes": len(IEP) - 1})
        assert problem(await load(alder, child)) == BodyTooLarge.code
        state.settings = kept.model_copy(update={"max_body_bytes": 2 * len(IEP) - 1})
        await loaded(alder, child)
        assert problem(await load(alder, child)) == BodyTooLarge.code
        state.settings = kept.model_copy(update={"min_free_disk_bytes": 2**60})
        assert problem(await load(alder, child)) == "no-room-for-body"
    finally:
        state.settings = kept


async def test_a_document_ends_with_the_student_and_stays_when_another_source_goes(alder: OneState, child: UUID) -> None:
    told, other = await loaded(alder, child), uuid4()
    state = alder.records.state
    shredder = Shredder(state.vault, state.outbox, alder.clock, about="destruction:test", jurisdiction="US-XA")
    async with state.database.transaction() as tx:
        student = await tx.get_one(StudentRow, child)
        key = state.vault.data_key(child, student.wrapped_key)
        place = {"section": "health", "source": str(other), "version": student.version}
        tx.add(SectionRow(student_id=child, sealed=key.seal(b"0\n", **place), **place))
    async with state.database.transaction() as tx:
        assert (await shredder.copy(tx, other)).parts == 1
    answer = await alder.district().send("GET", f"/v1/students/{child}/attachments/{told.id}")
    assert answer.body == IEP  # sealed again under the student's new data key
    async with state.database.transaction() as tx:
        await shredder.student(tx, child)
    assert await alder.rows(AttachmentRow) == []
    await bodies.sweep(state.database, alder.clock() + timedelta(hours=2))
    assert await alder.rows(BodyChunkRow) == []
