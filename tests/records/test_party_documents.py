"""A party to an agreement takes one student as a document: what is scheduled and permitted, logged first, and nobody else's."""

import io
import zipfile
from uuid import UUID, uuid4

import pytest
from defusedxml.ElementTree import fromstring

from safepassage.record.loads import LoadReport
from services.records.formats import xsre
from services.records.formats.pesc import RELEVANT
from services.records.formats.pesc_structure import validate
from services.records.tables import StudentRow
from shared.in_process import Answer
from tests.records.one_state import DISTRICT, OTHER_VENDOR, VENDOR, Caller, OneState, problem, some_students

pytestmark = pytest.mark.anyio

OURS = [one for one in some_students(60) if one.district.key == DISTRICT]
ONE = next(one for one in OURS if one.load.record.academics and one.load.record.academics.transcript)


class Service:
    """A transcript service under an agreement, which knows the one student by its pseudonym."""

    def __init__(self, state: OneState, caller: Caller, agreement_id: UUID, student: UUID) -> None:
        self.state, self.caller, self.agreement_id, self.student = state, caller, agreement_id, student

    async def take(self, caller: Caller | None = None, **changes: object) -> Answer:
        asked = {"agreement_id": self.agreement_id, "format": "pesc", "student": self.student} | changes
        query = f"agreement_id={asked['agreement_id']}&format={asked['format']}"
        return await (caller or self.caller).send("GET", f"/v1/roster-entries/{asked['student']}/document", query=query)


@pytest.fixture
async def service(alder: OneState) -> Service:
    await alder.district().load(ONE.load)
    await alder.tell()
    agreement = await alder.agree(RELEVANT)
    page = await alder.vendor().page(agreement)
    return Service(alder, alder.vendor(), agreement, page.students[0].student)


@pytest.mark.requirement("FORM-pesc")
async def test_a_transcript_is_decided_and_on_the_log_before_it_leaves(service: Service) -> None:
    before = len(await service.state.logged("read"))
    answer = await service.take()
    assert (answer.status, answer.headers["content-type"], answer.headers["cache-control"]) == (200, "application/xml", "no-store")
    root = fromstring(answer.body, forbid_dtd=True)
    validate(root)
    name = ONE.load.record.document()["identity"]["name"]
    assert root.findtext("Student/Person/Name/FirstName") == name["first"]
    assert root.findtext("TransmissionData/Destination/Organization/MutuallyDefined") == str(VENDOR)
    academics = ONE.load.record.academics
    assert academics is not None
    assert len(root.findall("Student/AcademicRecord/AcademicSession/Course")) == len(academics.transcript or ()) + len(
        academics.current_courses or ()
    )
    [entry] = (await service.state.logged("read"))[before:]
    assert (entry.context or {})["operation"] == "roster-document-pesc"
    assert set((entry.context or {})["elements"]) <= set(RELEVANT)
    assert str(entry.student_ids[0]).encode() not in answer.body


@pytest.mark.requirement("FORM-sif")
async def test_an_xsre_is_what_is_permitted_and_loaded_elsewhere_it_is_that_again(service: Service) -> None:
    agreement = await service.state.agree(xsre.RELEVANT)
    answer = await service.take(agreement_id=agreement, format="sif")
    assert answer.status == 200, answer.body
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as zipped:
        zipped.writestr("student.xml", answer.body)
    sis, [own] = service.state.district(), await service.state.rows(StudentRow)
    loaded = await sis.load_roster(target.getvalue())
    assert loaded.status == 200, loaded.body
    report = LoadReport.model_validate_json(loaded.body)
    assert (report.format, report.counts["created"], report.reasons) == ("sif-xsre", 1, {})
    assert LoadReport.model_validate_json((await sis.load_roster(target.getvalue())).body).counts["unchanged"] == 1
    student = next(row for row in await service.state.rows(StudentRow) if row.id != own.id)
    back = (await sis.read(student.id)).record
    original = ONE.load.record.document()
    permitted = next(one for one in (await service.caller.page(agreement)).students if one.student == service.student)
    assert back.elements() == permitted.elements()
    for element in back.elements():
        section, _, member = element.partition(".")
        assert back.document()[section][member] == original[section][member]
    operations = [(entry.context or {})["operation"] for entry in await service.state.logged("read")]
    assert operations.count("roster-document-sif") == 1


async def test_without_the_log_no_document_leaves(service: Service) -> None:
    with service.state.audit_gone():
        answer = await service.take()
    assert problem(answer) in ("log-unavailable", "temporarily-unavailable")


async def test_what_the_agreement_does_not_schedule_is_not_in_the_document(service: Service) -> None:
    few = await service.state.agree(("identity.name",))
    root = fromstring((await service.take(agreement_id=few)).body)
    assert root.find("Student/Person/Name/LastName") is not None
    assert root.find("Student/Person/Birth") is None
    assert root.find("Student/AcademicRecord/AcademicSession") is None


async def test_nobody_elses_and_nothing_that_may_leave_look_absent(service: Service) -> None:
    state = service.state
    nothing = await state.agree(("attendance.summary",))
    other = await state.agree(RELEVANT, recipient_id=OTHER_VENDOR)
    assert problem(await service.take(student=uuid4())) == "no-such-student"
    assert problem(await service.take(agreement_id=nothing)) == "no-such-student"
    assert problem(await service.take(state.vendor(OTHER_VENDOR), agreement_id=other)) == "no-such-student"
    assert problem(await service.take(state.vendor(OTHER_VENDOR))) == "no-such-agreement"


async def test_only_parties_with_a_purpose_take_documents(service: Service) -> None:
    state = service.state
    assert problem(await service.take(state.district())) == "not-permitted"
    purposeless = state.caller(VENDOR, "vendor", "records:read")
    assert problem(await service.take(purposeless)) == "purpose-missing"
    elsewhere = state.vendor(purpose="study")
    assert problem(await service.take(elsewhere)) == "no-such-student"
