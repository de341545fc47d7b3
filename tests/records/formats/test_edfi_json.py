"""The destination's read as Ed-Fi JSON: valid against the published API, and honest about what does not fit."""

from collections.abc import Callable
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from openapi_schema_validator import OAS30Validator

from node.synthetic import ALDER, SyntheticStudent, students
from safepassage.record import StudentRecord
from services.records.formats.archive import Archive
from services.records.formats.edfi_json import edfi_resources
from services.records.formats.edfi_validation import AS_IT_SHOULD_BE, conformity
from services.records.formats.edfi_xml import read_edfi_xml
from tests.records.formats.edfi_schemas import ADDED
from tests.records.whole_record import whole_record

DATA = Path(__file__).parents[3].parent / "shared" / "data"
API = DATA / "edfi-api" / "resources-ds-5.0.yml"
HERE = "a" * 32

Api = Callable[[str], OAS30Validator]
"""The validator of a resource by its singular."""


def record_of(one: SyntheticStudent) -> StudentRecord:
    return from_load(one.load.record.document())


def from_load(document: dict[str, Any]) -> StudentRecord:
    origin = {"originating_agency": "x", "source_system": "y", "as_of": "2026-10-20T00:00:00.000Z"}
    statements = [statement["id"] for statement in document.get("statements", [])]
    provenance = {name: dict(origin) for name in document if name != "statements"}
    if statements:
        provenance["discipline"]["contested_by"] = statements  # type: ignore[assignment]  # a JSON object
    return StudentRecord.model_validate(document | {"provenance": provenance})


@pytest.fixture(scope="module")
def api() -> Api:
    if not API.exists():
        pytest.skip("../shared/data/edfi-api is absent: the OpenAPI document is not part of this repository")
    document = yaml.load(API.read_text(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 a safe loader, in C where there is one
    made: dict[str, Any] = document["components"]["schemas"]
    for schema in made.values():
        if "properties" in schema:
            schema["additionalProperties"] = False
    return lru_cache(lambda name: OAS30Validator({"$ref": f"#/components/schemas/edFi_{name}", "components": {"schemas": made}}))


def _assert_valid(api: Api, package: dict[str, Any]) -> int:
    checked = 0
    for resource, bodies in package["resources"].items():
        if resource in ADDED:  # of a later version than the document
            assert {conformity(resource, body) for body in bodies} == {AS_IT_SHOULD_BE}
            continue
        validator = api(resource.removesuffix("s"))
        for body in bodies:
            errors = [f"{resource} {list(error.absolute_path)}: {error.validator}" for error in validator.iter_errors(body)]
            assert errors == []
            checked += 1
    return checked


def test_a_whole_record_is_valid_against_the_published_api(api: Api) -> None:
    assert _assert_valid(api, edfi_resources(whole_record(), student_unique_id=HERE)) > 10


def test_synthetic_records_are_valid_against_the_published_api(api: Api) -> None:
    everyone = [record_of(one) for one in students(ALDER, as_of=date(2026, 10, 20), count=40)]
    assert sum(_assert_valid(api, edfi_resources(record, student_unique_id=HERE)) for record in everyone) > 500


@pytest.mark.skipif(not (DATA / "edfi-sample").exists(), reason="../shared/data/edfi-sample is absent")
def test_what_came_as_ed_fi_goes_out_as_ed_fi_with_the_same_descriptors(api: Api) -> None:
    district = read_edfi_xml(Archive.of_folder(DATA / "edfi-sample"))
    some = [one for one in district.students if one.record and one.record.discipline and one.record.attendance][:4]
    assert some
    for one in some:
        assert one.record is not None
        package = edfi_resources(from_load(one.record.document()), student_unique_id=HERE)
        _assert_valid(api, package)
        events = package["resources"]["studentSchoolAttendanceEvents"]
        assert all(e["attendanceEventCategoryDescriptor"].startswith("uri://ed-fi.org/AttendanceEventCategoryDescriptor#") for e in events)


def plain(value: Any) -> Any:
    """Without what codes mean in words: that has no place in a descriptor, and is named for each that has it."""
    if isinstance(value, dict):
        return {name: plain(part) for name, part in value.items() if not (name == "description" and "code" in value)}
    return [plain(one) for one in value] if isinstance(value, list) else value


def test_every_element_of_a_record_is_expressed_or_named() -> None:
    record = StudentRecord.model_validate(plain(whole_record().document()))
    package = edfi_resources(record, student_unique_id=HERE)
    assert {"identity.ssn", "academics.graduation_plan", "health.alerts", "discipline.restraint"} <= set(package["not_expressed"])
    assert "identity.sex" not in package["not_expressed"]
    assert set(package["not_expressed"]) <= set(record.elements())


def test_what_lacks_a_thing_that_ed_fi_demands_is_named_and_not_bent_to_fit() -> None:
    document = {
        "identity": {"name": {"last_1": "Mononym"}, "birth_date": {"birth_date": "2012-05-06"}},
        "enrollment": {"enrollments": [{"school": {"name": "No Number School"}, "entry_date": "2025-08-25"}]},
    }
    package = edfi_resources(from_load(document), student_unique_id=HERE)
    assert package == {"resources": {}, "not_expressed": ["identity.name", "identity.birth_date", "enrollment.enrollments"]}


def test_text_too_long_for_ed_fi_is_left_out_and_named_never_cut() -> None:
    document = whole_record().document()
    document["identity"]["name"]["suffix"] = "the Magnificent"
    package = edfi_resources(StudentRecord.model_validate(document), student_unique_id=HERE)
    assert "generationCodeSuffix" not in package["resources"]["students"][0]
    assert "identity.name" in package["not_expressed"]


@pytest.mark.parametrize("city", ["X", "X" * 31])
def test_what_the_schema_refuses_is_left_out_and_named(city: str) -> None:
    document = whole_record().document()
    document["identity"]["birth_place"]["city"] = city
    made = edfi_resources(StudentRecord.model_validate(document), student_unique_id=HERE)
    assert "birthCity" not in made["resources"]["students"][0]
    assert "identity.birth_place" in made["not_expressed"]


def test_of_what_an_organisation_says_the_very_element_is_named() -> None:
    document = plain(whole_record().document())
    document["contacts"] = {"emails": [{"address": "e" * 120 + "@mail.example"}]}
    made = edfi_resources(StudentRecord.model_validate(document), student_unique_id=HERE)
    [association] = made["resources"]["studentEducationOrganizationAssociations"]
    assert "electronicMails" not in association
    assert "contacts.emails" in made["not_expressed"]
    assert "identity.sex" not in made["not_expressed"]


def test_a_right_that_a_document_ended_is_named_as_not_expressed() -> None:
    document = plain(whole_record().document())
    document["contacts"]["guardians"][0]["name"]["suffix"] = "Jr"
    assert "contacts.guardians" in edfi_resources(StudentRecord.model_validate(document), student_unique_id=HERE)["not_expressed"]
    document["contacts"]["guardians"][0]["rights"] = {}
    del document["contacts"]["guardians"][0]["court_documents"]
    for address in document["contacts"]["guardians"][0]["addresses"]:
        del address["country"]
    assert "contacts.guardians" not in edfi_resources(StudentRecord.model_validate(document), student_unique_id=HERE)["not_expressed"]


def test_codes_of_other_systems_keep_their_words_in_a_namespace_of_their_own() -> None:
    document = whole_record().document()
    document["identity"]["sex"] = {"system": "XA:Sex Codes", "code": "F"}
    resources = edfi_resources(StudentRecord.model_validate(document), student_unique_id=HERE)["resources"]
    [association] = resources["studentEducationOrganizationAssociations"]
    assert association["sexDescriptor"] == "uri://xa-sex-codes/SexDescriptor#F"


def test_the_result_of_a_course_is_not_made_up_and_each_term_has_its_academic_record() -> None:
    document = whole_record().document()
    [course, *_] = document["academics"]["transcript"]
    course["term"] = {"system": "uri://ed-fi.org/TermDescriptor", "code": "Fall Semester"}
    course["school"] = {"state_id": "255901001"}
    spring = course | {"term": {"system": "uri://ed-fi.org/TermDescriptor", "code": "Spring Semester"}}
    unknown = {name: value for name, value in course.items() if name != "credit"}
    document["academics"]["transcript"] = [course, spring, unknown]
    made = edfi_resources(StudentRecord.model_validate(document), student_unique_id=HERE)
    terms = {body["termDescriptor"].partition("#")[2] for body in made["resources"]["studentAcademicRecords"]}
    assert terms == {"Fall Semester", "Spring Semester"}
    assert len(made["resources"]["courseTranscripts"]) == 2
    assert "academics.transcript" in made["not_expressed"]
