"""Transcripts, averages and tests of invented students as Ed-Fi: valid by the schema, and read back but for what is named here."""

import tracemalloc
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree.ElementTree import Element

import pytest

from node.synthetic.edfi_writer import write_edfi
from node.synthetic.population import Population
from node.synthetic.profiles import PROFILES
from node.synthetic.rates import Rates
from services.records.formats.archive import Archive
from services.records.formats.edfi_stream import items
from services.records.formats.edfi_xml import read_edfi_xml
from services.records.formats.edfi_xsd import faults_of_element
from services.records.formats.parsed import ParsedRoster
from tests.synthetic.test_edfi_written import DAY, Said, codes

COURSES_OF_ALDER = "ed-fi:courses-of-03"
REPEATED = {"system": "ceds:000065", "code": "RepeatCounted"}
HELD = {
    "StudentTranscript": {"StudentAcademicRecord", "CourseTranscript"},
    "StudentAssessment": {"StudentAssessment"},
    "AssessmentMetadata": {"Assessment"},
    "EducationOrganization": {"StateEducationAgency", "LocalEducationAgency", "School", "Course"},
}
"""By interchange of Data Standard 5.2, what of it is written."""


class Both(NamedTuple):
    """What was made and what was read of it, student by student."""

    path: Path
    parsed: ParsedRoster
    pairs: list[tuple[Said, Said]]


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Both:
    rates = Rates(details={"not_passed": 0.5, "partly_earned": 0.5, "terms_of_transcript": 0.5})
    population = Population(PROFILES["demo"], as_of=DAY, rates=rates, students=80)
    alder, path = population.states[0], tmp_path_factory.mktemp("ed-fi") / "alder.zip"
    everyone = [one for one in population.records(alder) if one.truth.case != "twins-swapped-ids"]
    for one in everyone:
        for row in one.document.get("academics", {}).get("transcript", ())[:1]:
            row["repeat"] = REPEATED
    write_edfi(path, alder, everyone, as_of=DAY)
    parsed = read_edfi_xml(Archive.of_zip(path.read_bytes()))
    made = {str(one.document["identity"]["identifiers"][0]["value"]): one.document for one in everyone}
    read = {one.source_id: one.record.document() for one in parsed.students if one.record is not None}
    assert made.keys() == read.keys()
    return Both(path, parsed, [(made[key], read[key]) for key in made])


def paths(held: Any, path: str = "") -> Iterator[str]:
    """Where a document has something; a code is one thing."""
    if isinstance(held, list):
        for one in held:
            yield from paths(one, path)
    elif isinstance(held, dict) and not held.keys() <= {"system", "code"}:
        for name, value in held.items():
            yield from paths(value, f"{path}.{name}" if path else name)
    else:
        yield path


def row_of(row: Said) -> Said:
    """Of a finished course all that Ed-Fi has a place for, codes without the name of their list."""
    course, credit = row["course"], row["credit"]
    return {
        "course": (course["title"], course["local_code"]["code"], course.get("sced_code")),
        "where": (row["school"]["nces_id"], row["school_year"], row.get("term", {"code": "Year Round"})["code"], row["grade"]["code"]),
        "credit": (credit["type"]["code"], credit["attempted"], credit["earned"]),
        "mark": (row["mark"], row.get("repeat", {}).get("code")),
    }


def test_each_element_holds_to_the_schema_in_its_own_interchange_and_what_it_refers_to_is_there(both: Both) -> None:
    found: dict[str, dict[str, list[Element]]] = defaultdict(lambda: defaultdict(list))
    with zipfile.ZipFile(both.path) as zipped:
        for name in zipped.namelist():
            with zipped.open(name) as file:
                for item in items(file, name):
                    assert faults_of_element(item.element, item.namespace) == (), item.position
                    found[name.removesuffix(".xml")][item.tag].append(_copy(item.element))
    assert {name: set(found[name]) for name in HELD} == HELD
    records, taken = found["StudentTranscript"]["StudentAcademicRecord"], found["StudentTranscript"]["CourseTranscript"]
    named = [one.find("StudentAcademicRecordReference/StudentAcademicRecordIdentity") for one in taken]
    assert {_record(one) for one in named if one is not None} == {_record(one) for one in records}
    assert len({_record(one) for one in records}) == len(records) > 20
    organization = "EducationOrganizationReference/EducationOrganizationIdentity/EducationOrganizationId"
    courses = [_texts(one, "CourseCode", organization) for one in found["EducationOrganization"]["Course"]]
    identity = "CourseReference/CourseIdentity"
    assert {_texts(one, f"{identity}/CourseCode", f"{identity}/{organization}") for one in taken} == set(courses)
    tests = [_texts(one, "AssessmentIdentifier", "Namespace") for one in found["AssessmentMetadata"]["Assessment"]]
    identity, results = "AssessmentReference/AssessmentIdentity", found["StudentAssessment"]["StudentAssessment"]
    assert {_texts(one, f"{identity}/AssessmentIdentifier", f"{identity}/Namespace") for one in results} == set(tests)
    assert (len(set(courses)), len(set(tests))) == (len(courses), len(tests)), "each once"
    assert len({_texts(one, "StudentAssessmentIdentifier") for one in results}) == len(results) > 100


def test_of_what_nobody_has_no_interchange_is_written(tmp_path: Path) -> None:
    write_edfi(tmp_path / "nobody.zip", Population(PROFILES["demo"], as_of=DAY, students=1).states[0], [], as_of=DAY)
    with zipfile.ZipFile(tmp_path / "nobody.zip") as zipped:
        assert zipped.namelist() == ["EducationOrganization.xml"], "the schema has no empty interchange"


def _copy(element: Element) -> Element:
    """The stream clears what it gave."""
    copy = Element(element.tag)
    copy.extend(list(element))
    return copy


def _texts(element: Element, *those: str) -> tuple[str, ...]:
    return tuple(element.findtext(path, "") for path in those)


def _record(element: Element) -> tuple[str, ...]:
    organization = "EducationOrganizationReference/EducationOrganizationIdentity/EducationOrganizationId"
    return _texts(element, "StudentReference/StudentIdentity/StudentUniqueId", organization, "SchoolYear", "Term")


def test_a_transcript_is_read_as_it_was_but_for_what_is_named_here(both: Both) -> None:
    rows, lost, more = [], set(), set()
    for made, read in both.pairs:
        before, after = made.get("academics", {}).get("transcript", []), read.get("academics", {}).get("transcript", [])
        assert [row_of(one) for one in before] == [row_of(one) for one in after]
        assert {one["course"]["local_code"]["system"] for one in after} <= {COURSES_OF_ALDER}
        rows += after
        for one, other in zip(before, after, strict=True):
            lost |= {*paths(one)} - {*paths(other)}
            more |= {*paths(other)} - {*paths(one)}
    assert lost == {"mark_scale", "counts_in_average", "course.level"}
    assert more == {"school.name", "school.state_id", "term"}, "whose school it is, and the term where none was said: Ed-Fi wants one"
    assert {one["credit"]["earned"] for one in rows} == {"0", "0.5", "1"}
    assert any(one["mark"].isdigit() for one in rows)
    assert any(not one["mark"].isdigit() for one in rows)
    assert {one["term"]["code"] for one in rows} == {"full-year", "Year Round"}
    assert any(one.get("repeat", {}).get("code") == REPEATED["code"] for one in rows)


def test_marks_in_numbers_stand_in_the_member_that_ed_fi_has_for_numbers(both: Both) -> None:
    with zipfile.ZipFile(both.path) as zipped, zipped.open("StudentTranscript.xml") as file:
        written = [_copy(item.element) for item in items(file, file.name) if item.tag == "CourseTranscript"]
    numbers = [one.findtext("FinalNumericGradeEarned") for one in written]
    letters = [one.findtext("FinalLetterGradeEarned") for one in written]
    assert all((number is None) != (letter is None) for number, letter in zip(numbers, letters, strict=True))
    assert all(number.isdigit() and 50 <= int(number) <= 100 for number in numbers if number is not None)
    assert all(letter[0] in "ABCDF" for letter in letters if letter is not None)
    assert min(len([one for one in numbers if one]), len([one for one in letters if one])) > 20


def test_averages_are_read_as_they_were_without_their_day(both: Both) -> None:
    kinds, days = set(), 0
    for made, read in both.pairs:
        before = [dict(one) for one in made.get("academics", {}).get("grade_point_averages", [])]
        days += sum(one.pop("as_of", None) is not None for one in before)
        after = read.get("academics", {}).get("grade_point_averages", [])
        assert [{"cumulative": True} | one for one in before] == after
        kinds |= {(one["weighted"], one["maximum"]) for one in after}
    assert kinds == {(False, "4"), (True, "5")}
    assert days


def test_tests_are_read_as_they_were_but_for_what_is_said_of_the_test_itself(both: Both) -> None:
    lost, more, accommodated, found = set(), set(), 0, 0
    for made, read in both.pairs:
        before, after = made.get("assessments", {}).get("results", []), read.get("assessments", {}).get("results", [])
        for one, other in zip(before, after, strict=True):
            assert (one["assessment"], one["administered_on"]) == (other["assessment"], other["administered_on"])
            assert [one[part]["code"] for part in ("grade", "performance_level")] == [
                other[part]["code"] for part in ("grade", "performance_level")
            ]
            assert [(each["method"]["code"], each["value"]) for each in one["scores"]] == [
                (each["method"]["code"], each["value"]) for each in other["scores"]
            ]
            assert codes(one.get("accommodations", ())) == codes(other.get("accommodations", ()))
            lost |= {*paths(one)} - {*paths(other)}
            more |= {*paths(other)} - {*paths(one)}
            accommodated, found = accommodated + ("accommodations" in other), found + 1
    assert (lost, more) == ({"title", "subject"}, set())
    assert found > 100
    assert accommodated > 5


def test_what_of_learning_is_not_written_is_read_of_nobody(both: Both) -> None:
    lost = set()
    for made, read in both.pairs:
        for section in ("academics", "assessments"):
            lost |= {f"{section}.{name}" for name in made.get(section, {}).keys() - read.get(section, {}).keys()}
    assert lost == {"academics.current_courses", "academics.graduation_plan", "assessments.english_proficiency"}


def test_of_a_transcript_nothing_is_kept_beside_and_of_a_test_its_id_and_what_kind_of_number_the_score_is(both: Both) -> None:
    beside = [one.beside or {} for one in both.parsed.students]
    assert not any(one.get("CourseTranscript") or one.get("StudentAcademicRecord") for one in beside)
    kept = [each["xml"] for one in beside for each in one.get("StudentAssessment", ())]
    assert len(kept) > 100
    assert all("<StudentAssessmentIdentifier>" in one and "ResultDatatypeTypeDescriptor#Integer" in one for one in kept)
    assert {"academics.transcript", "assessments.results"} <= both.parsed.carries


def test_memory_does_not_grow_with_the_number_of_students_written(tmp_path: Path) -> None:
    population = Population(PROFILES["demo"], as_of=DAY, students=150)
    alder, peaks = population.states[0], []
    write_edfi(tmp_path / "first.zip", alder, islice(population.records(alder), 20), as_of=DAY)
    for count in (25, 100):
        tracemalloc.start()
        write_edfi(tmp_path / f"{count}.zip", alder, islice(population.records(alder), count), as_of=DAY)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.3 * peaks[0]
