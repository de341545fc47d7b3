"""Ed-Fi API JSON through the door: the student is where the source says, the rest is kept sealed beside the record and leaves no way."""

import json
from typing import Any
from uuid import UUID

import pytest

from services.records.formats.edfi_json import edfi_resources
from services.records.record_sources import KEPT
from services.records.tables import EnrollmentRow, SectionRow, StudentRow
from tests.records.formats.edfi_bodies import d
from tests.records.formats.test_edfi_json import from_load
from tests.records.formats.test_edfi_round_trip import schools_of_alder
from tests.records.one_state import DISTRICT, Caller, OneState, problem, some_students
from tests.records.test_rosters import report_of
from tests.records.whole_record import CANARY

pytestmark = pytest.mark.anyio

EDFI = "application/vnd.ed-fi+json"
ONE = next(one for one in some_students(60) if one.district.key == DISTRICT)


def resources(**more: list[dict[str, Any]]) -> dict[str, Any]:
    """A student of the district as its Ed-Fi API has the record, with the schools."""
    made: dict[str, Any] = edfi_resources(from_load(ONE.load.record.document()), student_unique_id="604821")["resources"]
    return json.loads(json.dumps(made | schools_of_alder() | more))  # type: ignore[no-any-return]  # a JSON object


async def load(sis: Caller, given: dict[str, Any]) -> dict[str, int]:
    return report_of(await sis.load_roster(json.dumps({"resources": given}).encode(), EDFI)).counts


async def kept(sis: Caller, student_id: UUID) -> dict[str, Any]:
    answer = await sis.send("GET", f"/v1/students/{student_id}/kept-resources")
    assert answer.status == 200, answer.body
    found: dict[str, Any] = json.loads(answer.body)["resources"]
    return found


async def test_a_student_of_an_api_is_enrolled_and_the_same_again_changes_nothing(alder: OneState) -> None:
    sis = alder.district()
    assert (await load(sis, resources()))["created"] == 1
    assert (await load(sis, resources()))["unchanged"] == 1
    [student] = await alder.rows(StudentRow)
    record = (await sis.read(student.id)).record
    assert {row.organisation_id for row in await alder.rows(EnrollmentRow)} != set()
    assert record.identity is not None
    assert record.identity.birth_date is not None
    assert student.custodian_id == alder.by_key[DISTRICT]


async def test_what_an_api_says_anew_replaces_and_what_it_does_not_say_stays(alder: OneState) -> None:
    sis, given = alder.district(), resources()
    school = given["studentSchoolAssociations"][0]["schoolReference"]
    event = {"studentReference": {"studentUniqueId": "604821"}, "schoolReference": school, "eventDate": "2026-09-02"}
    event["sessionReference"] = {**school, "schoolYear": 2027, "sessionName": "Fall"}
    event["attendanceEventCategoryDescriptor"] = d("AttendanceEventCategory", "Tardy")
    given["studentSchoolAttendanceEvents"] = [event]
    await load(sis, given)
    [student] = await alder.rows(StudentRow)
    before = (await sis.read(student.id)).record.document()
    [association] = given["studentEducationOrganizationAssociations"]
    association["addresses"][0]["streetNumberName"] = "2 Mill Lane"
    del association["telephones"], given["studentSchoolAttendanceEvents"]
    assert (await load(sis, given))["changed"] == 1
    after = (await sis.read(student.id)).record.document()
    assert after["contacts"]["addresses"][0]["street"] == "2 Mill Lane"
    assert after["contacts"]["telephones"] == before["contacts"]["telephones"]
    assert after["attendance"] == before["attendance"]
    given["studentSchoolAttendanceEvents"] = []
    await load(sis, given)
    assert "attendance" not in (await sis.read(student.id)).record.document()


@pytest.mark.requirement("FORM-edfi-kept")
async def test_what_has_no_place_is_kept_sealed_told_to_its_keeper_alone_and_logged(alder: OneState) -> None:
    sis = alder.district()
    cohort = {"studentReference": {"studentUniqueId": "604821"}, "cohortReference": {"cohortIdentifier": CANARY}}
    await load(sis, resources(studentCohortAssociations=[cohort]))
    [student] = await alder.rows(StudentRow)
    assert (await kept(sis, student.id))["studentCohortAssociations"] == [cohort]
    for other in (alder.district("0300002"), alder.vendor()):
        answer = await other.send("GET", f"/v1/students/{student.id}/kept-resources")
        assert problem(answer) in ("no-such-student", "insufficient-scope", "not-permitted")
    assert CANARY not in (await sis.send("GET", f"/v1/students/{student.id}")).body.decode()
    assert all(CANARY.encode() not in row.sealed for row in await alder.rows(SectionRow))
    reads = [one for one in await alder.logged("read") if one.context["operation"] == "kept-resources-read"]
    assert [set(one.student_ids) for one in reads] == [{student.id}]


async def test_what_is_kept_is_replaced_by_its_resource_and_stays_when_another_format_is_loaded(alder: OneState) -> None:
    sis, first = alder.district(), {"studentReference": {"studentUniqueId": "604821"}, "cohortReference": {"cohortIdentifier": "1"}}
    given = resources(studentCohortAssociations=[first])
    given["students"][0]["citizenshipStatusDescriptor"] = d("CitizenshipStatus", "Other")
    await load(sis, given)
    [student] = await alder.rows(StudentRow)
    held = await sis.read(student.id)
    change = {
        "version": held.version,
        "source_system": "XA-SIS",
        "as_of": "2026-10-20T00:00:00.000Z",
        "record": {name: part for name, part in held.record.document().items() if name not in ("v", "provenance", "statements")},
    }
    answer = await sis.send("PUT", f"/v1/students/{student.id}", change, idempotency_key="k" * 20)
    assert answer.status == 200, answer.body
    assert (await kept(sis, student.id))["studentCohortAssociations"] == [first]
    del given["studentCohortAssociations"]
    given["students"][0].pop("citizenshipStatusDescriptor")
    assert (await load(sis, given))["changed"] == 1
    after = await kept(sis, student.id)
    assert after["studentCohortAssociations"] == [first]
    assert "students" not in after
    given["studentCohortAssociations"] = []
    await load(sis, given)
    assert "studentCohortAssociations" not in await kept(sis, student.id)


async def test_nothing_is_kept_of_whom_an_api_says_no_more_than_the_record_has(alder: OneState) -> None:
    sis = alder.district()
    given = {name: those for name, those in resources().items() if name in ("students", "studentSchoolAssociations", "schools")}
    await load(sis, given)
    [student] = await alder.rows(StudentRow)
    assert await kept(sis, student.id) == {}
    assert KEPT not in {row.section for row in await alder.rows(SectionRow)}


async def test_while_the_log_is_away_nothing_kept_is_told(alder: OneState) -> None:
    sis = alder.district()
    await load(sis, resources())
    [student] = await alder.rows(StudentRow)
    with alder.audit_gone():
        assert problem(await sis.send("GET", f"/v1/students/{student.id}/kept-resources")) == "log-unavailable"


async def test_an_upload_that_is_no_document_is_refused(alder: OneState) -> None:
    answer = await alder.district().load_roster(b'{"resources": 1}', EDFI)
    assert problem(answer) == "unreadable-roster"
    assert await alder.rows(StudentRow) == []
