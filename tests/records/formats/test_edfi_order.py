"""What is the first of several and what is the latest is what the source says, whatever the order of its upload."""

from itertools import permutations
from typing import Any

import pytest

from services.records.formats.edfi_api import read_edfi_api
from services.records.formats.edfi_xml import read_edfi_xml
from tests.records.formats.edfi_bodies import AT_SCHOOL, SCHOOLS, STUDENT, bodies, d, program
from tests.records.formats.test_edfi_json import from_load
from tests.records.formats.test_edfi_round_trip import out, read
from tests.records.formats.test_edfi_unreadable import program as program_of
from tests.records.formats.test_edfi_xml import REFERENCE, archive, only
from tests.records.formats.test_edfi_xml import STUDENT as STUDENT_ELEMENT

FALL, SPRING, OWN = d("Term", "Fall Semester"), d("Term", "Spring Semester"), "uri://alder.example/TermDescriptor#S"
RECORDS = {
    "terms of the standard": [(2026, FALL, 3.1), (2026, SPRING, 3.4), (2025, SPRING, 2.9)],
    "terms of the state": [(2026, f"{OWN}1", 3.1), (2026, f"{OWN}2", 3.4), (2025, f"{OWN}2", 2.9)],
    "a year that has begun": [(2027, FALL, None), (2026, SPRING, 3.4), (2026, FALL, 3.1)],
    "quarters": [
        (2026, d("Term", f"{one} Quarter"), value) for one, value in (("First", 1.0), ("Second", 2.0), ("Fourth", 3.4), ("Third", 3.0))
    ],
}


def from_resources(records: list[tuple[int, str, float | None]]) -> Any:
    made = []
    for year, term, value in records:
        average = {"gradePointAverageTypeDescriptor": d("GradePointAverageType", "Weighted"), "gradePointAverageValue": value}
        averages = [] if value is None else [{**average, "maxGradePointAverageValue": 4.5}]
        whose = {"studentReference": STUDENT, "educationOrganizationReference": AT_SCHOOL, "schoolYearTypeReference": {"schoolYear": year}}
        made.append({**whose, "termDescriptor": term, "gradePointAverages": averages})
    return read(bodies() | {"studentAcademicRecords": made}).document()


def from_files(records: list[tuple[int, str, float | None]]) -> Any:
    made = ""
    for year, term, value in records:
        average = f"<GradePointAverageType>{d('GradePointAverageType', 'Weighted')}</GradePointAverageType>"
        average += f"<GradePointAverageValue>{value}</GradePointAverageValue><MaxGradePointAverageValue>4.5</MaxGradePointAverageValue>"
        said = "" if value is None else f"<GradePointAverage>{average}</GradePointAverage>"
        year_of_it = f"<SchoolYear>{year - 1}-{year}</SchoolYear><Term>{term}</Term>"
        made += f"<StudentAcademicRecord>{said}{REFERENCE.format(id='7')}{year_of_it}</StudentAcademicRecord>"
    return only(read_edfi_xml(archive(Student=STUDENT_ELEMENT.format(id="7"), StudentGrade=made)))


@pytest.mark.requirement("FORM-edfi")
@pytest.mark.parametrize("read_all", [from_resources, from_files], ids=["JSON", "XML"])
@pytest.mark.parametrize("records", RECORDS.values(), ids=RECORDS)
def test_the_averages_are_those_of_the_latest_term_that_has_any(records: list[tuple[int, str, float | None]], read_all: Any) -> None:
    for order in permutations(records):
        assert [float(one["value"]) for one in read_all(order)["academics"]["grade_point_averages"]] == [3.4]


@pytest.mark.requirement("FORM-edfi")
def test_averages_go_out_with_the_record_of_the_latest_term() -> None:
    [course] = bodies()["courseTranscripts"]
    record = course["studentAcademicRecordReference"]
    courses = [course | {"studentAcademicRecordReference": record | {"termDescriptor": term}} for term in (FALL, SPRING)]
    made, _ = out(read(bodies() | {"courseTranscripts": courses}), "604821", SCHOOLS)
    assert [one["termDescriptor"] for one in made["studentAcademicRecords"] if one.get("gradePointAverages")] == [SPRING]


@pytest.mark.requirement("FORM-edfi")
@pytest.mark.parametrize("read_all", ["JSON", "XML"])
def test_a_programme_that_is_said_twice_is_as_the_latest_says(read_all: str) -> None:
    before, now = ("2024-01-08", "2024-03-01"), ("2025-09-01", None)
    for order in permutations((before, now)):
        if read_all == "JSON":
            made = [{**program("Homeless"), "beginDate": begin, "endDate": end} for begin, end in order]
            said = [{name: value for name, value in one.items() if value is not None} for one in made]
            told = read(bodies() | {"studentHomelessProgramAssociations": said}).document()
        else:
            days = [f"<BeginDate>{begin}</BeginDate>" + (f"<EndDate>{end}</EndDate>" if end else "") for begin, end in order]
            those = "".join(program_of("Homeless", one) for one in days)
            told = only(read_edfi_xml(archive(Student=STUDENT_ELEMENT.format(id="7"), Programs=those)))
        homeless: Any = told["programmes"]
        assert (homeless["homeless"]["begin_date"], homeless["homeless"].get("end_date")) == now


@pytest.mark.requirement("FORM-edfi")
@pytest.mark.parametrize("read_all", ["JSON", "XML"])
def test_an_address_is_told_in_the_last_of_its_periods(read_all: str) -> None:
    for order in permutations((("2020-01-01", "2021-01-01"), ("2025-06-01", None))):
        if read_all == "JSON":
            given = bodies()
            periods = [{"beginDate": begin} | ({} if end is None else {"endDate": end}) for begin, end in order]
            given["studentEducationOrganizationAssociations"][0]["addresses"][0]["periods"] = periods
            told = read(given).document()
        else:
            said = [f"<BeginDate>{begin}</BeginDate>" + (f"<EndDate>{end}</EndDate>" if end else "") for begin, end in order]
            address = "<Address><City>Oak</City>" + "".join(f"<Period>{one}</Period>" for one in said) + "</Address>"
            tag = "StudentEducationOrganizationAssociation"
            files = {"Student": STUDENT_ELEMENT.format(id="7"), "People": f"<{tag}>{REFERENCE.format(id='7')}{address}</{tag}>"}
            told = only(read_edfi_xml(archive(**files)))
        contacts: Any = told["contacts"]
        assert (contacts["addresses"][0]["begin_date"], contacts["addresses"][0].get("end_date")) == ("2025-06-01", None)


def special(disabilities: list[tuple[str, int | None]]) -> Any:
    said = [
        {"disabilityDescriptor": d("Disability", name)} | ({} if order is None else {"orderOfDisability": order})
        for name, order in disabilities
    ]
    association = {**program("Special Education"), "ideaEligibility": True, "iepBeginDate": "2025-08-25", "disabilities": said}
    return bodies() | {"studentSpecialEducationProgramAssociations": [association]}


def in_resources(disabilities: list[tuple[str, int | None]]) -> Any:
    return read(special(disabilities)).document()


def in_files(disabilities: list[tuple[str, int | None]]) -> Any:
    said = "".join(
        f"<Disability><Disability>{d('Disability', name)}</Disability>"
        + ("" if order is None else f"<OrderOfDisability>{order}</OrderOfDisability>")
        + "</Disability>"
        for name, order in disabilities
    )
    return only(read_edfi_xml(archive(Student=STUDENT_ELEMENT.format(id="7"), Programs=program_of("SpecialEducation", said))))


def primary_in(document: Any) -> list[str]:
    return [one["category"]["code"] for one in document["special_education"]["eligibility"]["disabilities"] if one["primary"]]


@pytest.mark.requirement("FORM-edfi")
@pytest.mark.parametrize("read_all", [in_resources, in_files], ids=["JSON", "XML"])
@pytest.mark.parametrize(
    ("disabilities", "primary"),
    [
        ([("Deaf", None)], ["Deaf"]),
        ([("Deaf", 1), ("Autism", None)], ["Deaf"]),
        ([("Autism", None), ("Deaf", 1)], ["Deaf"]),
        ([("Autism", 2), ("Deaf", 1)], ["Deaf"]),
        ([("Autism", None), ("Deaf", None)], []),
        ([("Autism", 2)], []),
    ],
)
def test_a_disability_is_the_primary_one_where_the_source_says_so_or_it_is_the_only_one(
    disabilities: list[tuple[str, int | None]], primary: list[str], read_all: Any
) -> None:
    assert primary_in(read_all(disabilities)) == primary


@pytest.mark.requirement("FORM-edfi")
def test_a_second_disability_that_goes_out_does_not_come_in_as_a_primary_one() -> None:
    whole = from_load(read_edfi_api(special([("Deaf", 1), ("Autism", 2)])).students[0].record.document())  # type: ignore[union-attr]
    made, _ = out(whole, "604821", SCHOOLS)
    assert primary_in(read(made).document()) == ["Deaf"]
