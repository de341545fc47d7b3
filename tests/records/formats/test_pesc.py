"""PESC transcripts: valid by our model of the structure, codes as the source has them, and whatever does not fit whole in the extension."""

import copy
import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID
from xml.etree.ElementTree import Element, SubElement

import pytest
from defusedxml.ElementTree import fromstring
from hypothesis import given, settings
from hypothesis import strategies as st

from node.synthetic import ALDER, students
from safepassage.record.loads import LoadedRecord
from services.records.formats.pesc import RELEVANT, Party, Transcript, write_transcript
from services.records.formats.pesc_structure import EXTENSION, MESSAGE, validate
from services.records.formats.xml_structure import NotOfStructure
from tests.records.whole_record import whole_record

VECTOR = Path(__file__).parents[2] / "vectors" / "transcript.xml"
NOON = datetime(2026, 10, 20, 12, 0, tzinfo=UTC)
CODE = {"system": "urn:xa:courses", "code": "M-101"}
FINISHED = {
    "course": {"title": "Algebra I", "local_code": CODE, "sced_code": "02052"},
    "school_year": 2026,
    "term": {"system": "ceds:000252", "code": "FullSchoolYear"},
    "grade": {"system": "ceds:000125", "code": "09"},
    "credit": {"type": {"system": "ceds:000072", "code": "CarnegieUnit"}, "attempted": "1.0", "earned": "0.5"},
    "mark": "B+",
}


def written(record: Any, statements: Any = ()) -> Transcript:
    held = LoadedRecord.model_validate(record) if isinstance(record, dict) else record
    parties = {"source": Party("a-1", "Alder Department of Education"), "destination": Party("b-2", "Transcript Service")}
    return write_transcript(held, statements, document_id=UUID(int=7), created_at=NOON, **parties)


def parsed(transcript: Transcript) -> Element:
    root: Element = fromstring(transcript.document, forbid_dtd=True)
    validate(root)
    return root


def extension(root: Element, name: str) -> Any:
    return json.loads(root.findtext(f"Student/UserDefinedExtensions/{{{EXTENSION}}}Record/{{{EXTENSION}}}{name}") or "null")


@pytest.mark.requirement("FORM-pesc")
def test_a_course_has_its_sced_code_its_local_code_and_its_credit() -> None:
    root = parsed(written({"academics": {"transcript": [FINISHED]}}))
    [session] = root.findall("Student/AcademicRecord/AcademicSession")
    course = session.find("Course")
    assert course is not None
    assert {child.tag: child.text for child in course} == {
        "CourseCreditBasis": "Regular",
        "CourseCreditUnits": "CarnegieUnits",
        "CourseCreditValue": "1.0",
        "CourseCreditEarned": "0.5",
        "CourseAcademicGrade": "B+",
        "CourseFiveDigitSCEDCode": "02052",
        "OriginalCourseID": "M-101",
        "CourseTitle": "Algebra I",
    }
    assert session.findtext("AcademicSessionDetail/SessionSchoolYear") == "2025-2026"
    assert session.findtext("StudentLevel/StudentLevelCode") == "NinthGrade"
    assert extension(root, "Elements")["academics.transcript"] == [FINISHED]


def test_a_name_of_two_surnames_is_one_surname_there_and_two_in_the_extension() -> None:
    name = {"first": "Ana", "last_1": "García", "last_2": "López", "suffix": "Jr."}
    transcript = written({"identity": {"name": name}})
    root = parsed(transcript)
    assert {child.tag: child.text for child in root.findall("Student/Person/Name/*")} == {
        "FirstName": "Ana",
        "LastName": "García López",
        "NameSuffix": "JR",
    }
    assert transcript.extended == ("identity.name",)
    assert extension(root, "Elements") == {"identity.name": name}


def test_what_says_everything_needs_no_extension() -> None:
    record = {
        "identity": {
            "name": {"first": "Ana", "last_1": "García"},
            "birth_date": {"birth_date": "2010-02-03"},
            "sex": {"system": "ceds:000255", "code": "Female"},
            "identifiers": [{"kind": "state", "system": "US-XA", "value": "XA1"}],
        },
        "academics": {"grade_point_averages": [{"value": "3.61", "maximum": "4", "weighted": True}]},
    }
    transcript = written(record)
    assert transcript.extended == ()
    assert parsed(transcript).find("Student/UserDefinedExtensions") is None


def test_what_is_too_long_is_cut_where_it_must_stand_and_whole_in_the_extension() -> None:
    title = "T" * 61
    transcript = written(
        {"academics": {"transcript": [{"course": {"title": title, "sced_code": "02052"}, "school_year": 2026, "mark": "M" * 11}]}}
    )
    root = parsed(transcript)
    course = root.find("Student/AcademicRecord/AcademicSession/Course")
    assert course is not None
    assert (course.findtext("CourseTitle"), course.findtext("CourseAcademicGrade")) == ("T" * 60, None)
    [held] = extension(root, "Elements")["academics.transcript"]
    assert (held["course"]["title"], held["mark"]) == (title, "M" * 11)


def test_the_standards_forms_of_averages_and_of_credits_towards_the_diploma() -> None:
    plan = {"plan": {"system": "xa", "code": "standard"}, "expected_on": "2028-06-10", "credits_required": "24", "credits_earned": "6.5"}
    averages = [{"value": "3.61", "maximum": "4", "weighted": False}]
    root = parsed(written({"academics": {"graduation_plan": plan, "grade_point_averages": averages}}))
    record = root.find("Student/AcademicRecord")
    assert record is not None
    assert record.findtext("CohortGraduationYear") == "2028"
    said = [
        [(child.tag, child.text) for child in summary.iter() if child.text and child.text.strip()]
        for summary in record.findall("AcademicSummary")
    ]
    assert said == [
        [("AcademicSummaryType", "All"), ("CreditHoursEarned", "6.5"), ("CreditHoursRequired", "24")],
        [("AcademicSummaryType", "NonWeighted"), ("GradePointAverage", "3.61"), ("GPARangeMaximum", "4")],
    ]


def test_a_statement_of_disagreement_goes_along() -> None:
    record = whole_record()
    root = parsed(written(record, record.statements))
    assert [one["id"] for one in extension(root, "StatementsOfDisagreement")] == [str(one.id) for one in record.statements]


def test_whatever_a_record_holds_is_there_and_the_rest_of_it_whole_in_the_extension() -> None:
    for one in students(ALDER, as_of=date(2026, 10, 20), count=60):
        record = one.load.record
        transcript = written(record)
        document = record.document()
        expected = {element: document[element.partition(".")[0]][element.partition(".")[2]] for element in transcript.extended}
        assert extension(parsed(transcript), "Elements") == expected
        assert set(record.elements()) - set(RELEVANT) <= set(transcript.extended)


KNOWN = {
    "identity": {
        "name": {"first": "Ana", "last_1": "García", "last_2": "López"},
        "birth_date": {"birth_date": "2010-02-03"},
        "identifiers": [{"kind": "state", "system": "US-XA", "value": "XA1"}],
    },
    "enrollment": {
        "enrollments": [
            {
                "school": {"name": "Alder High School", "nces_id": "030000100001"},
                "entry_date": "2024-08-20",
                "grade": {"system": "ceds:000100", "code": "10"},
            }
        ]
    },
    "academics": {"transcript": [FINISHED], "grade_point_averages": [{"value": "3.61", "maximum": "4", "weighted": True}]},
}


def test_the_document_of_a_known_record_is_the_one_on_file() -> None:
    assert written(KNOWN).document == VECTOR.read_bytes(), "write tests/vectors/transcript.xml anew only if the format is meant to change"


def _without_person(root: Element) -> None:
    root[1].remove(root[1][0])


def _out_of_order(root: Element) -> None:
    root[0].insert(0, root[0][-1])


def _twice(root: Element) -> None:
    root[1].insert(0, copy.deepcopy(root[1][0]))


def _foreign(root: Element) -> None:
    SubElement(root[1][0], "Weight").text = "1"


def _word(root: Element) -> None:
    level = root.find("Student/AcademicRecord/AcademicSession/Course/CourseCreditBasis")
    assert level is not None
    level.text = "Sport"


def _two_extensions(root: Element) -> None:
    extensions = root.find("Student/UserDefinedExtensions")
    assert extensions is not None
    extensions.append(copy.deepcopy(extensions[0]))


def _another(root: Element) -> None:
    root.tag = f"{{{MESSAGE}}}CollegeTranscript"


@pytest.mark.parametrize("spoil", [_without_person, _out_of_order, _twice, _foreign, _word, _two_extensions, _another])
def test_what_is_not_of_the_structure_is_refused(spoil: Callable[[Element], None]) -> None:
    root = parsed(written({"academics": {"transcript": [FINISHED]}}))
    spoil(root)
    with pytest.raises(NotOfStructure):
        validate(root)


short = st.text(st.characters(blacklist_categories=["Cs"]), min_size=1, max_size=40)
names = st.text(st.characters(blacklist_categories=["Cs", "Cc"]), min_size=1, max_size=80)
coded = st.fixed_dictionaries({"system": short, "code": short})


@settings(max_examples=80)
@given(
    name=st.fixed_dictionaries({"last_1": names}, optional={"first": names, "last_2": names, "prefix": short, "suffix": short}),
    identifiers=st.lists(st.fixed_dictionaries({"kind": st.sampled_from(["state", "other"]), "system": short, "value": short}), max_size=2),
    course=st.fixed_dictionaries({"title": names}, optional={"local_code": coded, "level": coded, "sced_code": st.just("01001")}),
    term=coded,
    mark=short,
)
def test_any_text_gives_a_valid_document_that_loses_nothing(
    name: dict[str, str], identifiers: list[dict[str, str]], course: dict[str, Any], term: dict[str, str], mark: str
) -> None:
    identity = {"name": name} | ({"identifiers": identifiers} if identifiers else {})
    record = LoadedRecord.model_validate(
        {"identity": identity, "academics": {"transcript": [{"course": course, "school_year": 2026, "term": term, "mark": mark}]}}
    )
    root, document = parsed(written(record)), record.document()
    held = extension(root, "Elements")
    assert held["academics.transcript"] == document["academics"]["transcript"]
    if "identity.name" not in held:
        assert root.findtext("Student/Person/Name/LastName") == document["identity"]["name"]["last_1"]
