"""The sample district of the Ed-Fi Data Standard: 960 students, no enrolment file."""

import re
from collections import Counter
from pathlib import Path

import pytest

from services.records.formats.archive import Archive
from services.records.formats.edfi_xml import read_edfi_xml
from services.records.formats.parsed import ParsedRoster

SAMPLE = Path(__file__).parents[3].parent / "shared" / "data" / "edfi-sample"

pytestmark = pytest.mark.skipif(
    not SAMPLE.exists(), reason="../shared/data/edfi-sample is absent: the sample is not part of this repository"
)


@pytest.fixture(scope="module")
def district() -> ParsedRoster:
    return read_edfi_xml(Archive.of_folder(SAMPLE))


def test_227_students_have_a_derived_enrolment_and_733_are_reported_as_unresolved(district: ParsedRoster) -> None:
    assert len(district.students) == 960
    assert district.findings.counts["enrollments-derived-from-attendance"] == 227
    assert district.findings.reasons["enrollment-missing"] == 733
    enrolled = [one.record.enrollment for one in district.students if one.record and one.record.enrollment]
    assert len(enrolled) == 227
    assert all(len(one.enrollments or ()) == 1 and one.enrollments[0].derived_from for one in enrolled if one.enrollments)


def test_each_section_has_as_many_students_as_the_files(district: ParsedRoster) -> None:
    elements = Counter(element for one in district.students if one.record for element in one.record.elements())
    assert elements["contacts.guardians"] == elements["identity.birth_date"] == 960
    assert elements["special_education.eligibility"] == 97
    assert elements["programmes.migrant"] == 275
    assert elements["programmes.meal_status"] == 82
    assert elements["programmes.english_learner"] == 38
    assert elements["programmes.homeless"] == 11
    assert elements["programmes.career_technical"] == 64
    assert elements["programmes.neglected_delinquent"] == 8
    assert elements["special_education.section_504"] == 3
    assert elements["health.immunizations"] == 71
    assert elements["discipline.incidents"] == 21


def test_nothing_else_did_not_resolve_and_what_has_no_place_is_counted(district: ParsedRoster) -> None:
    reasons = dict(district.findings.reasons)
    assert reasons.pop("member-kept") == district.findings.counts["kept-beside-the-record"] > 0
    assert reasons.pop("of-no-student-alone") > 1000, "staff, calendars, sections"
    assert reasons == {"enrollment-missing": 733, "programme-not-in-the-record": 40}


@pytest.mark.requirement("FORM-edfi-kept")
def test_every_assessment_and_whatever_else_is_one_students_and_not_read_is_kept(district: ParsedRoster) -> None:
    said = Counter[str]()
    for path in SAMPLE.glob("*.xml"):
        said.update(re.findall(r"^\s*<(StudentAssessment|StudentSectionAttendanceEvent)>", path.read_text(encoding="utf-8"), re.MULTILINE))
    kept = Counter(element for one in district.students for element, those in (one.beside or {}).items() for _ in those)
    assert {element: kept[element] for element in said} == said
    assert sum(kept.values()) == district.findings.counts["kept-beside-the-record"]


@pytest.mark.requirement("EX-provenance")
def test_codes_are_kept_as_the_source_has_them(district: ParsedRoster) -> None:
    events = [one.record.attendance for one in district.students if one.record and one.record.attendance]
    categories = {event.category.system for one in events for event in one.events or ()}
    assert categories == {"uri://ed-fi.org/AttendanceEventCategoryDescriptor"}
