"""From an Ed-Fi API into the record, out of it as resources, and in again: the same elements, but for those named as not expressed."""

from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node.synthetic import ALDER, organisations, students
from safepassage.record import StudentRecord
from safepassage.record.loads import LoadedRecord
from services.records.formats.edfi_api import read_edfi_api
from services.records.formats.edfi_json import edfi_resources
from services.records.formats.edfi_six import as_six, document_in_six
from services.records.formats.edfi_validation import AS_IT_SHOULD_BE, RESOURCES, conformity
from tests.records.formats.edfi_bodies import SCHOOLS, STUDENT, bodies, d
from tests.records.formats.edfi_schemas import TARGET, made_from, published, written
from tests.records.formats.test_edfi_json import API, from_load

AS_OF = date(2026, 10, 20)
COUNT = 400


@cache
def everyone() -> list[StudentRecord]:
    return [from_load(one.load.record.document()) for one in students(ALDER, as_of=AS_OF, count=COUNT)]


def schools_of_alder() -> dict[str, list[dict[str, Any]]]:
    """The schools as an Ed-Fi API would have them, under the numbers of their NCES ids."""
    made = []
    for one in organisations(ALDER):
        if one.kind == "school" and one.nces_id:
            code = {"educationOrganizationIdentificationSystemDescriptor": d("X", "NCES"), "identificationCode": one.nces_id}
            grades = [{"gradeLevelDescriptor": d("GradeLevel", "First grade")}]
            category = [{"educationOrganizationCategoryDescriptor": d("EducationOrganizationCategory", "School")}]
            school = {"schoolId": int(one.nces_id), "nameOfInstitution": one.name, "gradeLevels": grades}
            made.append({**school, "educationOrganizationCategories": category, "identificationCodes": [code]})
    return {"schools": made}


def out(record: StudentRecord | LoadedRecord, student_unique_id: str, schools: dict[str, Any]) -> tuple[dict[str, Any], set[str]]:
    """The resources of a record, with the schools that a destination has, and what is not among them."""
    whole = record if isinstance(record, StudentRecord) else from_load({k: v for k, v in record.document().items() if k != "statements"})
    made = edfi_resources(whole, student_unique_id=student_unique_id)
    for resource, those in made["resources"].items():
        assert {conformity(resource, body) for body in those} == {AS_IT_SHOULD_BE}, resource
    return made["resources"] | schools, set(made["not_expressed"])


def read(resources: dict[str, Any]) -> LoadedRecord:
    [student] = read_edfi_api(resources).students
    assert student.record is not None
    return student.record


def elements(record: LoadedRecord) -> dict[str, Any]:
    return {element: getattr(getattr(record, element.partition(".")[0]), element.partition(".")[2]) for element in record.elements()}


@pytest.mark.requirement("FORM-edfi")
def test_what_an_api_said_goes_out_and_comes_in_as_the_same_elements() -> None:
    first = read(bodies())
    resources, not_expressed = out(first, STUDENT["studentUniqueId"], SCHOOLS)
    assert not_expressed == {"identity.ssn"}
    second = elements(read(resources))
    assert second == {element: value for element, value in elements(first).items() if element != "identity.ssn"}


@pytest.mark.requirement("FORM-edfi")
@settings(max_examples=60, deadline=None)
@given(st.integers(0, COUNT - 1))
def test_whatever_student_goes_out_and_comes_in_twice_has_the_same_elements(number: int) -> None:
    schools = schools_of_alder()
    resources, _ = out(everyone()[number], "604821", schools)
    first = read(resources)
    again, not_expressed = out(first, "604821", schools)
    second = elements(read(again))
    assert {element: value for element, value in elements(first).items() if element not in not_expressed} == {
        element: value for element, value in second.items() if element not in not_expressed
    }
    assert set(first.elements()) - not_expressed == set(second) - not_expressed


@pytest.mark.requirement("FORM-edfi")
@settings(max_examples=40, deadline=None)
@given(st.integers(0, COUNT - 1))
def test_what_goes_out_as_data_standard_6_comes_in_as_what_goes_out_as_5(number: int) -> None:
    resources, _ = out(everyone()[number], "604821", schools_of_alder())
    in_six = as_six(resources)
    for resource, those in in_six.items():
        assert resource not in RESOURCES or {conformity(resource, body) for body in those} <= {AS_IT_SHOULD_BE}, resource
    assert read(in_six) == read(resources)
    assert read(as_six(bodies())) == read(bodies())


def test_what_6_demands_more_of_is_left_out_and_named_beside_what_5_could_not_say() -> None:
    """A test without a day has no school year."""
    said = bodies()
    [test] = said["studentAssessments"]
    without = {name: value for name, value in test.items() if name != "administrationDate"}
    made = document_in_six({"resources": said | {"studentAssessments": [test, without]}, "not_expressed": ["programmes.foster"]})
    assert made["not_expressed"] == ["assessments.results", "programmes.foster"]
    assert made["resources"]["studentAssessments"] == as_six(said)["studentAssessments"]
    none = document_in_six({"resources": said | {"studentAssessments": [without]}, "not_expressed": []})
    assert "studentAssessments" not in none["resources"]
    assert document_in_six({"resources": said, "not_expressed": []}) == {"resources": as_six(said), "not_expressed": []}


def test_data_standard_6_has_its_own_names_and_the_school_year_of_a_test() -> None:
    six = as_six(bodies())
    [association] = six["studentEducationOrganizationAssociations"]
    assert set(association) == {"studentReference", "educationOrganizationReference"}
    assert len(six["studentIdentificationCodes"]) == 2
    [special] = six["studentSpecialEducationProgramAssociations"]
    assert (special["iepLastReviewDate"], special["iepLastEvaluationDate"]) == ("2026-01-20", "2025-05-01")
    assert not {"iepReviewDate", "lastEvaluationDate"} & set(special)
    assert six["studentAssessments"][0]["schoolYearTypeReference"] == {"schoolYear": 2026}


def test_few_elements_of_few_students_are_not_expressed_once_an_api_has_said_them() -> None:
    schools, missing = schools_of_alder(), set[str]()
    for record in everyone()[:100]:
        resources, _ = out(record, "604821", schools)
        missing |= out(read(resources), "604821", schools)[1]
    assert missing <= {"special_education.eligibility", "special_education.iep", "academics.transcript"}


@pytest.mark.skipif(not API.exists(), reason="../shared/data/edfi-api is absent: the OpenAPI document is not part of this repository")
def test_the_shipped_schemas_are_those_of_the_published_document() -> None:
    assert Path(TARGET).read_text() == written(made_from(published(API)))
