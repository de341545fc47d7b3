"""Ed-Fi API JSON: each resource is read as far as the record goes, the rest is kept word for word, and what is wrong is said by place."""

import io
import json
import zipfile
from codecs import BOM_UTF8
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safepassage.problems.records import UnreadableRoster
from safepassage.record.loads import LoadedRecord
from services.records.formats.archive import Archive
from services.records.formats.edfi_api import read_edfi_api
from services.records.formats.edfi_documents import is_edfi_files, read_edfi_document, read_edfi_files
from services.records.formats.parsed import ParsedRoster, ParsedStudent
from tests.records.formats.edfi_bodies import SCHOOL, STUDENT, bodies, bodies_of_six, d, program
from tests.records.whole_record import CANARY


def only(parsed: ParsedRoster) -> ParsedStudent:
    [student] = parsed.students
    return student


def record_in(parsed: ParsedRoster) -> LoadedRecord:
    record = only(parsed).record
    assert record is not None
    return record


def kept_in(parsed: ParsedRoster) -> dict[str, Any]:
    return {resource: list(those) for resource, those in (only(parsed).beside or {}).items() if those}


def leaves(value: Any) -> Iterator[str]:
    """Every text and number in a body."""
    if isinstance(value, dict):
        for name, member in value.items():
            if name not in ("id", "_etag"):
                yield from leaves(member)
    elif isinstance(value, list):
        for member in value:
            yield from leaves(member)
    elif isinstance(value, str):
        yield value.rpartition("#")[2]
    elif not isinstance(value, bool):
        yield str(value)


def test_a_student_is_read_from_every_resource() -> None:
    parsed = read_edfi_api(bodies())
    record = record_in(parsed)
    assert set(record.elements()) == {
        "identity.name", "identity.preferred_name", "identity.other_names", "identity.birth_date", "identity.birth_place",
        "identity.multiple_birth", "identity.sex", "identity.identifiers", "identity.ssn", "demographics.race_ethnicity",
        "demographics.languages", "demographics.tribal_affiliation", "demographics.military_connection", "contacts.addresses",
        "contacts.telephones", "contacts.emails", "contacts.guardians", "enrollment.enrollments", "attendance.events",
        "academics.transcript", "academics.grade_point_averages", "assessments.results", "special_education.eligibility",
        "special_education.iep", "special_education.section_504", "programmes.english_learner", "programmes.gifted", "programmes.title_i",
        "programmes.migrant", "programmes.homeless", "programmes.meal_status", "programmes.career_technical",
        "programmes.neglected_delinquent", "health.immunizations", "discipline.incidents",
    }  # fmt: skip
    assert set(parsed.findings.reasons) == {"member-kept", "of-no-student-alone", "source-id-left"}
    document = record.document()
    assert document["enrollment"]["enrollments"][0]["school"] == {
        "name": "Grand Bend High School",
        "nces_id": "030001000001",
        "state_id": "255901001",
    }
    assert document["discipline"]["incidents"][0]["actions"][0]["served_days"] == "1.5"
    assert document["special_education"]["iep"]["services"][1]["minutes_per_week"] == 450


@pytest.mark.requirement("FORM-edfi-kept")
def test_everything_that_is_said_of_a_student_is_in_the_record_or_kept_beside_it() -> None:
    given = bodies()
    parsed = read_edfi_api(given)
    written = json.dumps([record_in(parsed).document(), kept_in(parsed)], ensure_ascii=False)
    said_otherwise = {
        *("7.5", "2026-04-07T00:00:00Z", "900-00-0000", "255901", "1", "2026", "1.0", "2", "Level", "Previous Legal Name", "District"),
        *("SSN", "SSA", "Weighted", "SCED", "A-1", "Achievement/proficiency level", "Pass"),
        *("Special Education", "Homeless", "Migrant Education", "School Food Service", "Title I Part A", "Gifted and Talented"),
        *("Section 504 Placement", "Career and Technical Education", "Neglected and Delinquent Program"),
    }
    structure = {"localEducationAgencies", "schools"}
    for resource, those in given.items():
        if resource not in structure:
            missing = [leaf for leaf in leaves(those) if leaf not in written and leaf not in said_otherwise]
            assert missing in ([], ["C1"]), resource


def test_what_has_no_place_is_kept_as_it_came() -> None:
    given = bodies()
    given["students"][0]["_ext"] = {"texas": {"crisisCode": [1.25, {"deep": None}]}}
    given["studentSchoolAssociations"][0]["residencyStatusDescriptor"] = d("ResidencyStatus", "Resident")
    given["studentCohortAssociations"] = [{"studentReference": STUDENT, "cohortReference": {"cohortIdentifier": "7"}}]
    [association] = given["studentEducationOrganizationAssociations"]
    association["addresses"][0]["latitude"] = "29.6"
    parsed = read_edfi_api(given)
    kept = kept_in(parsed)
    assert kept["students"] == [{"studentUniqueId": "604821", "_ext": {"texas": {"crisisCode": [1.25, {"deep": None}]}}}]
    assert kept["studentCohortAssociations"] == given["studentCohortAssociations"]
    assert kept["studentSchoolAssociations"][0]["residencyStatusDescriptor"] == d("ResidencyStatus", "Resident")
    assert kept["studentEducationOrganizationAssociations"][0]["addresses"] == association["addresses"]
    assert "telephones" not in kept["studentEducationOrganizationAssociations"][0]
    positions = {one.position for one in parsed.findings.unresolved}
    assert {"students:1:*", "studentSchoolAssociations:1:residencyStatusDescriptor", "studentCohortAssociations:1:*"} <= positions


def test_a_name_of_a_member_that_the_standard_does_not_have_is_not_in_the_report() -> None:
    given = bodies()
    given["students"][0][CANARY] = "x"
    assert CANARY not in repr(read_edfi_api(given).findings)


@pytest.mark.requirement("FORM-edfi")
def test_data_standard_6_says_the_same_of_a_student() -> None:
    assert record_in(read_edfi_api(bodies_of_six())) == record_in(read_edfi_api(bodies()))


def test_the_dates_of_an_iep_are_read_under_their_names_in_6() -> None:
    given = bodies_of_six()
    association = given["studentSpecialEducationProgramAssociations"][0]
    association["iepLastReviewDate"] = association.pop("iepReviewDate")
    association["iepLastEvaluationDate"] = association.pop("lastEvaluationDate")
    association["iepReviewDueDate"] = "2027-01-20"
    special = record_in(read_edfi_api(given)).document()["special_education"]
    assert special["iep"]["meeting_on"] == "2026-01-20"
    assert special["iep"]["review_due_on"] == "2027-01-20"
    assert special["eligibility"]["evaluated_on"] == "2025-05-01"


def test_a_member_that_is_not_as_its_schema_says_is_left_and_the_rest_is_read() -> None:
    given = bodies()
    given["students"][0]["birthCity"] = CANARY * 10
    given["studentSchoolAttendanceEvents"][0]["eventDuration"] = CANARY
    given["courseTranscripts"][0]["academicSubjects"] = [CANARY]
    parsed = read_edfi_api(given)
    record = record_in(parsed).document()
    assert "city" not in record["identity"]["birth_place"]
    assert record["identity"]["name"]["first"] == "Ana"
    assert "duration_days" not in record["attendance"]["events"][0]
    assert record["academics"]["transcript"][0]["course"]["title"] == "Algebra I"
    assert parsed.findings.reasons["not-valid"] == 3
    assert kept_in(parsed)["students"][0]["birthCity"] == CANARY * 10
    assert CANARY not in repr(parsed.findings)


@pytest.mark.parametrize("entry_date", ["the first of May", None])
def test_a_body_that_lacks_what_must_be_there_is_kept_whole(entry_date: str | None) -> None:
    given = bodies()
    broken = given["studentSchoolAssociations"][0]
    del broken["entryDate"]
    broken |= {} if entry_date is None else {"entryDate": entry_date}
    parsed = read_edfi_api(given)
    assert record_in(parsed).enrollment is None
    assert kept_in(parsed)["studentSchoolAssociations"] == [broken]
    assert {"not-valid", "enrollment-missing"} <= set(parsed.findings.reasons)


@pytest.mark.parametrize(
    ("resource", "key"), [("contacts", "contactUniqueId"), ("disciplineIncidents", "incidentIdentifier"), ("schools", "schoolId")]
)
def test_a_body_that_lacks_what_names_it_is_reported(resource: str, key: str) -> None:
    given = bodies()
    del given[resource][0][key]
    parsed = read_edfi_api(given)
    assert f"{resource}:1" in {one.position for one in parsed.findings.unresolved if one.reason == "not-valid"}


def test_what_is_valid_there_and_not_here_is_kept_whole() -> None:
    given = bodies()
    given["studentSchoolAssociations"][0]["exitWithdrawDate"] = "2020-01-01"
    given["studentHomelessProgramAssociations"][0]["endDate"] = "2020-01-01"
    parsed = read_edfi_api(given)
    assert record_in(parsed).enrollment is None
    assert record_in(parsed).programmes is not None
    assert "programmes.homeless" not in record_in(parsed).elements()
    assert kept_in(parsed)["studentSchoolAssociations"] == given["studentSchoolAssociations"]
    assert kept_in(parsed)["studentHomelessProgramAssociations"] == given["studentHomelessProgramAssociations"]


@pytest.mark.parametrize(
    ("earned", "result", "is_kept"), [(0.5, "Pass", False), (0, "Fail", False), (0, "Pass", True), (0.5, "Withdrawn", True)]
)
def test_a_result_that_the_credit_does_not_say_is_kept(earned: float, result: str, is_kept: bool) -> None:
    given = bodies()
    given["courseTranscripts"][0] |= {"earnedCredits": earned, "courseAttemptResultDescriptor": d("CourseAttemptResult", result)}
    assert ("courseTranscripts" in kept_in(read_edfi_api(given))) == is_kept


def test_a_programme_that_began_again_is_as_it_is_now_and_what_was_is_kept() -> None:
    given = bodies()
    earlier = given["studentHomelessProgramAssociations"][0]
    again = {**earlier, "beginDate": "2026-09-01", "homelessUnaccompaniedYouth": True}
    del again["endDate"]
    given["studentHomelessProgramAssociations"].insert(0, again)
    parsed = read_edfi_api(given)
    homeless = record_in(parsed).document()["programmes"]["homeless"]
    assert (homeless["begin_date"], homeless["unaccompanied_youth"]) == ("2026-09-01", True)
    assert kept_in(parsed)["studentHomelessProgramAssociations"] == [earlier]


def test_a_programme_that_the_record_does_not_know_is_kept() -> None:
    given = bodies()
    given["studentProgramAssociations"] = [program("Bus")]
    parsed = read_edfi_api(given)
    assert "programmes.gifted" not in record_in(parsed).elements()
    assert kept_in(parsed)["studentProgramAssociations"] == [program("Bus")]


def test_what_is_of_nobody_here_is_reported_by_place() -> None:
    given = bodies()
    given["studentSchoolAssociations"].append({**given["studentSchoolAssociations"][0], "studentReference": {"studentUniqueId": CANARY}})
    given["courses"] = [{"courseCode": CANARY}]
    given["studentContactAssociations"][0]["contactReference"] = {"contactUniqueId": CANARY}
    given["disciplineIncidents"] = []
    parsed = read_edfi_api(given)
    reasons = parsed.findings.reasons
    assert {name: reasons[name] for name in ("student-unknown", "resource-not-read", "contact-unknown", "incident-unknown")} == {
        "student-unknown": 1,
        "resource-not-read": 1,
        "contact-unknown": 1,
        "incident-unknown": 3,
    }
    assert CANARY not in repr(parsed.findings)
    assert [body["contactReference"] for body in kept_in(parsed)["studentContactAssociations"]] == [{"contactUniqueId": CANARY}]
    assert len(kept_in(parsed)["disciplineActions"]) == 1


def test_of_an_incident_nothing_is_kept_for_others_take_part_in_it() -> None:
    given = bodies()
    given["disciplineIncidents"][0]["reporterName"] = CANARY
    assert CANARY not in json.dumps(kept_in(read_edfi_api(given)))


def test_a_school_that_the_upload_lacks_is_named_by_its_id() -> None:
    given = bodies()
    given["schools"] = []
    parsed = read_edfi_api(given)
    assert record_in(parsed).document()["enrollment"]["enrollments"][0]["school"] == {"state_id": str(SCHOOL["schoolId"])}
    assert parsed.findings.reasons["school-unknown"] == 1


def test_the_elements_of_a_resource_are_carried_only_where_it_is_in_the_upload() -> None:
    given = bodies()
    del given["courseTranscripts"], given["studentHealths"]
    carries = read_edfi_api(given).carries
    assert "attendance.events" in carries
    assert not {"academics.transcript", "health.immunizations", "contacts.guardians"} & carries


def zipped(**files: bytes) -> Archive:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, content in files.items():
            archive.writestr(name.replace("__", "."), content)
    return Archive.of_zip(data.getvalue())


def test_a_document_and_files_of_arrays_and_lines_say_the_same() -> None:
    given = bodies()
    document = read_edfi_document(json.dumps({"resources": given, "not_expressed": []}).encode())
    arrays = zipped(**{f"{name}__json": json.dumps(those).encode() for name, those in given.items()})
    lines = zipped(**{f"{name}__jsonl": b"\n\n".join(json.dumps(one).encode() for one in those) for name, those in given.items()})
    assert is_edfi_files(arrays)
    assert is_edfi_files(lines)
    records = [record_in(parsed) for parsed in (document, read_edfi_files(arrays), read_edfi_files(lines))]
    assert records[0] == records[1] == records[2] == record_in(read_edfi_api(given))
    assert {one.position.partition(":")[0] for one in read_edfi_files(lines).findings.unresolved} <= {f"{name}.jsonl" for name in given}


DEEP = b'{"studentUniqueId":"1","firstName":"A","lastSurname":"B","birthDate":"2012-01-01","x":' + b"[" * 40 + b"]" * 40 + b"}"


@pytest.mark.parametrize(
    "hostile",
    [
        b"",
        b"[]",
        b"\xff\xfe",
        b'{"resources": []}',
        b'{"resources": {"students": {}}}',
        b'{"resources": {"students": []}}',
        b'{"resources": {"students": [], "students": []}}',
        b'{"resources": {"students": [{"studentUniqueId": "1", "studentUniqueId": "2"}]}}',
        b'{"resources": {"students": [{"studentUniqueId": NaN}]}}',
        b'{"resources": {"stu.dents": []}}',
        b'{"resources": {"students": [' + b"9" * 5000 + b"]}}",
        b'{"resources": {"students": ' + b"[" * 100_000 + b"]" * 100_000 + b"}}",
        b'{"resources": {"students": [' + DEEP + b"]}}",
    ],
    ids=lambda hostile: f"{len(hostile)} bytes",
)
def test_what_is_no_upload_or_too_deep_is_refused(hostile: bytes) -> None:
    with pytest.raises(UnreadableRoster):
        read_edfi_document(hostile)


def test_a_file_that_begins_with_a_byte_order_mark_says_what_it_says_without_it() -> None:
    given = bodies()
    document = read_edfi_document(BOM_UTF8 + json.dumps({"resources": given}).encode())
    arrays = zipped(**{f"{name}__json": BOM_UTF8 + json.dumps(those).encode() for name, those in given.items()})
    lines = zipped(**{f"{name}__jsonl": BOM_UTF8 + b"\n".join(json.dumps(one).encode() for one in those) for name, those in given.items()})
    for parsed in (document, read_edfi_files(arrays), read_edfi_files(lines)):
        assert record_in(parsed) == record_in(read_edfi_api(given))
        assert "not-valid" not in parsed.findings.reasons


def test_two_files_of_one_resource_and_an_array_with_something_behind_it_are_refused() -> None:
    student = json.dumps(bodies()["students"][0]).encode()
    with pytest.raises(UnreadableRoster):
        read_edfi_files(zipped(students__json=b"[" + student + b"]", students__jsonl=student))
    with pytest.raises(UnreadableRoster):
        read_edfi_files(zipped(students__json=b"[" + student + b'],"more":1'))


def test_a_line_that_is_no_object_is_reported_and_the_next_is_read() -> None:
    student = json.dumps(bodies()["students"][0]).encode()
    parsed = read_edfi_files(zipped(students__jsonl=b"{\n" + student))
    assert len(parsed.students) == 1
    assert [one.position for one in parsed.findings.unresolved if one.reason == "not-valid"] == ["students.jsonl:1"]


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.dates().map(str),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_whatever_stands_in_a_member_the_student_is_read_and_nothing_is_lost(data: st.DataObject) -> None:
    given_bodies = bodies()
    resource = data.draw(st.sampled_from(sorted(set(given_bodies) - {"students", "schools", "localEducationAgencies"})))
    body = given_bodies[resource][0]
    member = data.draw(st.sampled_from(sorted(body)))
    body[member] = data.draw(anything)
    parsed = read_edfi_api(given_bodies)
    assert record_in(parsed).identity is not None
    if member.endswith("Reference") or resource in ("contacts", "disciplineIncidents") or body[member] in (None, [], {}):
        return
    if read_edfi_api(given_bodies).findings.reasons["not-valid"]:
        assert body[member] in [one.get(member) for one in kept_in(parsed)[resource]] or body[member] != body[member]
