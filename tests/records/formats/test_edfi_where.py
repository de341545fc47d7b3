"""Ed-Fi API JSON: every value of every body is in the record, or kept beside it, or said to be left, whatever is wrong beside it."""

import json
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safepassage.problems.records import UnreadableRoster
from services.records.formats.edfi_api import read_edfi_api
from services.records.formats.edfi_members import SERVERS
from tests.records.formats.edfi_bodies import ED_FI, STUDENT, bodies, bodies_of_six, d
from tests.records.formats.where_it_went import Path, gone, is_said, is_there, leaves, marked, objects, put, written

Bodies = dict[str, list[dict[str, Any]]]


def position(path: Path) -> str:
    return f"{path[0]}:{int(path[1]) + 1}"


def lost(given_bodies: Bodies) -> list[str]:
    taken = json.dumps(given_bodies, ensure_ascii=False)
    found = []
    for path, value in leaves(given_bodies):
        if path[-1] not in SERVERS:
            other, mark = marked(value, taken)
            found.append(gone(read_edfi_api, given_bodies, path, other, mark, position(path)))
    return [one for one in found if one is not None]


@pytest.mark.requirement("FORM-edfi-kept")
@pytest.mark.parametrize("given_bodies", [bodies(), bodies_of_six()], ids=["5", "6"])
def test_every_value_is_in_the_record_or_kept_or_said_to_be_left(given_bodies: Bodies) -> None:
    assert lost(given_bodies) == []


@pytest.mark.requirement("FORM-edfi-kept")
@settings(max_examples=300, deadline=None)
@given(st.data())
def test_whatever_is_said_again_or_otherwise_or_in_another_kind_is_somewhere(data: st.DataObject) -> None:
    said: Bodies = data.draw(st.sampled_from([bodies(), bodies_of_six()]))
    marks: list[tuple[str, str]] = []
    for number in range(data.draw(st.integers(1, 4))):
        resource = data.draw(st.sampled_from(sorted(said)))
        place = data.draw(st.integers(0, len(said[resource]) - 1))
        if data.draw(st.booleans(), label="again"):
            said[resource].append(deepcopy(said[resource][place]))
            place = len(said[resource]) - 1
        mark, how = f"Q{number}x", data.draw(st.sampled_from(["other", "kind", "more"]))
        if how == "more":
            inside = data.draw(st.sampled_from(list(objects(said[resource][place]))))
            said = put(said, (resource, place, *inside, f"more{number}"), mark)
        else:
            within = [(path, value) for path, value in leaves(said[resource][place]) if path[-1] not in SERVERS]
            path, value = data.draw(st.sampled_from(within))
            taken = json.dumps([said, marks], ensure_ascii=False)  # one that was overwritten marks nothing else
            other, mark = marked(value, taken) if how == "other" else ([mark, {"x": 1}], mark)
            said = put(said, (resource, place, *path), other)
        marks.append((mark, position((resource, place))))
    try:
        parsed = read_edfi_api(said)
    except UnreadableRoster:  # no student is left of whom anything can be read
        return
    text, given_text = written(parsed), json.dumps(said, ensure_ascii=False)
    for mark, where in marks:
        assert not is_there(mark, given_text) or is_there(mark, text) or is_said(parsed, where), (mark, where)
        assert not is_there(mark, repr(parsed.findings)) or mark.isdigit()


def test_a_student_a_contact_and_a_school_that_come_twice_are_said_by_place_and_the_persons_are_kept() -> None:
    said = bodies()
    said["students"].append({**said["students"][0], "firstName": "Another"})
    said["contacts"].insert(0, {**said["contacts"][0], "firstName": "Earlier"})
    said["schools"].insert(0, {**said["schools"][0], "nameOfInstitution": "Formerly"})
    parsed = read_edfi_api(said)
    [student] = parsed.students
    assert student.record is not None
    assert [one["firstName"] for one in (student.beside or {})["students"]] == ["Another"]
    assert [one["firstName"] for one in (student.beside or {})["contacts"]] == ["Earlier"]
    twice = {(one.reason, one.position) for one in parsed.findings.unresolved if one.reason.endswith("twice")}
    assert twice == {("student-id-twice", "students:2"), ("id-twice", "contacts:1"), ("id-twice", "schools:1")}


def test_of_two_organisations_the_one_that_counts_is_in_the_record_and_the_other_is_kept_whole() -> None:
    said = bodies()
    [earlier] = said["studentEducationOrganizationAssociations"]
    later = {**earlier, "sexDescriptor": d("Sex", "X"), "educationOrganizationReference": {"educationOrganizationId": 255901}}
    said["studentEducationOrganizationAssociations"].append(later)
    [student] = read_edfi_api(said).students
    assert student.record is not None
    assert student.record.document()["identity"]["sex"]["code"] == "X"
    assert (student.beside or {})["studentEducationOrganizationAssociations"][0] == earlier


def test_an_upload_that_says_the_same_body_twice_says_nothing_more() -> None:
    said = bodies()
    for resource in ("contacts", "schools", "disciplineIncidents", "studentEducationOrganizationAssociations"):
        said[resource].append(said[resource][0])
    [student], [again] = read_edfi_api(bodies()).students, read_edfi_api(said).students
    assert (again.record, again.beside) == (student.record, student.beside)
    assert "id-twice" not in read_edfi_api(said).findings.reasons


@pytest.mark.parametrize(("hours", "minutes"), [(7.5, 450), (7.25, 435), (7.33, None), (0.1, 6)])
def test_hours_that_are_no_whole_minutes_are_kept_as_hours(hours: float, minutes: int | None) -> None:
    said = bodies()
    said["studentSpecialEducationProgramAssociations"][0]["specialEducationHoursPerWeek"] = hours
    [student] = read_edfi_api(said).students
    services = student.record.document()["special_education"]["iep"]["services"] if student.record else []
    beside = (student.beside or {})["studentSpecialEducationProgramAssociations"]
    kept = [one["specialEducationHoursPerWeek"] for one in beside if "specialEducationHoursPerWeek" in one]
    assert [one["minutes_per_week"] for one in services if "minutes_per_week" in one] == ([] if minutes is None else [minutes])
    assert kept == ([hours] if minutes is None else [])


def test_an_assessment_is_kept_with_its_identifier_unless_it_is_the_students_own_with_a_number() -> None:
    said = bodies()
    [one] = said["studentAssessments"]
    said["studentAssessments"].append({**one, "studentAssessmentIdentifier": f"{STUDENT['studentUniqueId']}-2"})
    [student] = read_edfi_api(said).students
    assert [body["studentAssessmentIdentifier"] for body in (student.beside or {})["studentAssessments"]] == ["A-1"]


def test_a_code_of_another_list_than_the_standards_is_kept_where_the_record_has_the_code_alone() -> None:
    said = bodies()
    said["students"][0]["birthStateAbbreviationDescriptor"] = "uri://state.example/StateAbbreviationDescriptor#TX"
    [student] = read_edfi_api(said).students
    assert student.record is not None
    assert student.record.document()["identity"]["birth_place"]["state"] == "TX"
    kept = (student.beside or {})["students"][0]["birthStateAbbreviationDescriptor"]
    assert not kept.startswith(ED_FI)


@pytest.mark.requirement("FORM-edfi-kept")
def test_by_what_the_sources_system_knows_a_resource_is_said_to_be_left_once_for_each_resource_and_never_told() -> None:
    said = bodies()
    for resource, those in said.items():
        for number, body in enumerate(those):
            body |= {
                "id": f"hush{resource}{number}",
                "_etag": "hush-etag",
                "_lastModifiedDate": "2026-01-01T00:00:00Z",
                "link": {"href": "hush"},
            }
    said["studentSchoolAssociations"][0]["schoolReference"] = {
        **said["studentSchoolAssociations"][0]["schoolReference"],
        "link": {"rel": "hush"},
    }
    del said["studentSchoolAssociations"][0]["link"]
    findings = read_edfi_api(said).findings
    told = [one.position for one in findings.unresolved if one.reason == "source-id-left"]
    expected = {f"{resource}:1:{name}" for resource in said for name in SERVERS}
    assert set(told) == {*expected, "contacts:1:contactUniqueId"}
    assert len(told) == len(set(told))
    assert "hush" not in repr(findings)
