"""What a record says is in Ed-Fi's resources, or its element is named: an association is made of nobody who is not in the programme."""

import json
import re
from typing import Any

import pytest
from pydantic import ValidationError

from safepassage.elements import BY_ID
from safepassage.record.loads import LoadedRecord
from services.records.formats.edfi_json import EXPRESSED, edfi_resources
from services.records.formats.edfi_unsaid import SAID
from tests.records.formats.where_it_went import leaves, marked, put
from tests.records.whole_record import whole_record

HERE = "a" * 32
NUMBERED = frozenset({"name", "state_id", "local_id", "nces_id"})
"""Of an organisation: it is referred to by its number."""
IN_IT = {
    "english_learner": "studentLanguageInstructionProgramAssociations",
    "gifted": "studentProgramAssociations",
    "migrant": "studentMigrantEducationProgramAssociations",
    "career_technical": "studentCTEProgramAssociations",
    "neglected_delinquent": "studentNeglectedOrDelinquentProgramAssociations",
}


def sections() -> dict[str, Any]:
    return {name: value for name, value in whole_record().document().items() if name in {one.partition(".")[0] for one in BY_ID}}


def made_of(document: dict[str, Any]) -> dict[str, Any]:
    return edfi_resources(LoadedRecord.model_validate(document), student_unique_id=HERE)


@pytest.mark.requirement("FORM-edfi")
def test_every_value_of_every_element_is_in_a_resource_or_its_element_is_named() -> None:
    """Each element by itself, with an enrolment, so that nothing else of it is a reason to name it."""
    whole, missing, tried = sections(), [], 0
    taken = json.dumps(whole, ensure_ascii=False)
    assert set(SAID) == EXPRESSED
    for path, value in leaves(whole):
        element, names = f"{path[0]}.{path[1]}", [one for one in path[2:] if isinstance(one, str)]
        if element not in EXPRESSED or (len(names) > 1 and names[-2] in ("school", "district") and names[-1] in NUMBERED):
            continue
        other, mark = marked(value, taken)
        changed = put(whole, path, other)
        alone = {path[0]: {path[1]: changed[path[0]][path[1]]}}
        alone.setdefault("enrollment", {}).setdefault("enrollments", changed["enrollment"]["enrollments"])
        try:
            made = made_of(alone)
        except ValidationError:
            continue
        tried += 1
        said = json.dumps(made["resources"], ensure_ascii=False).casefold()
        if element not in made["not_expressed"] and not re.search(rf"(?<![0-9a-z.]){re.escape(mark.casefold())}(?![0-9])", said):
            missing.append(path)
    assert missing == []
    assert tried > 300


@pytest.mark.parametrize("member", IN_IT)
@pytest.mark.parametrize(("code", "there", "named"), [("Yes", True, False), ("No", False, True), ("M", True, True)])
def test_an_association_is_made_of_nobody_who_is_not_in_the_programme(member: str, code: str, there: bool, named: bool) -> None:
    status = "participant" if member == "career_technical" else "status"
    enrolled = [{"entry_date": "2025-08-25", "school": {"name": "Lantern", "state_id": "255901001"}, "primary": True}]
    programme: dict[str, Any] = {status: {"system": "ceds:000180", "code": code}, "begin_date": "2025-09-01"}
    if member == "migrant":  # which Ed-Fi demands of one
        programme |= {"qualifying_arrival_date": "2025-08-20", "priority_for_services": False}
    made = made_of({"enrollment": {"enrollments": enrolled}, "programmes": {member: programme}})
    assert (IN_IT[member] in made["resources"]) is there
    assert (f"programmes.{member}" in made["not_expressed"]) is named


@pytest.mark.parametrize(
    ("element", "value"),
    [
        ("academics.transcript.course", {"level": {"system": "ceds:000061", "code": "AdvancedPlacement"}}),
        ("academics.transcript", {"mark_scale": {"system": "XA:marks", "code": "A-F"}}),
        ("assessments.results", {"subject": {"system": "ceds:000021", "code": "01166"}}),
        ("assessments.results", {"title": "Grade 5 mathematics"}),
    ],
)
def test_what_a_transcript_or_a_test_says_beside_what_ed_fi_takes_is_named(element: str, value: dict[str, Any]) -> None:
    school = {"state_id": "255901001"}
    course = {"title": "Algebra", "local_code": {"system": "ed-fi:courses-of-255901001", "code": "A1"}}
    finished = {"course": course, "school": school, "school_year": 2026, "credit": {"earned": "1"}, "mark": "B"}
    test = {"assessment": {"system": "uri://alder.example", "code": "M5"}, "administered_on": "2026-04-20"}
    section, member, *inner = element.split(".")
    document = {
        "enrollment": {"enrollments": [{"entry_date": "2025-08-25", "school": school}]},
        "academics": {"transcript": [finished]},
        "assessments": {"results": [test]},
    }
    assert not {"academics.transcript", "assessments.results"} & set(made_of(document)["not_expressed"])
    [said] = document[section][member]  # type: ignore[index]  # a JSON object
    (said[inner[0]] if inner else said).update(value)
    assert f"{section}.{member}" in made_of(document)["not_expressed"]


def test_until_when_an_address_counted_is_named_where_nobody_knows_since_when() -> None:
    """Ed-Fi demands the begin of a period."""
    address = {"street": "1 Elm", "city": "Alder", "state": "XA", "postal_code": "00501", "protected": False}
    enrolled = [{"entry_date": "2025-08-25", "school": {"state_id": "255901001"}}]

    def named(**days: str) -> bool:
        made = made_of({"enrollment": {"enrollments": enrolled}, "contacts": {"addresses": [address | days]}})
        return "contacts.addresses" in made["not_expressed"]

    assert [named(), named(begin_date="2024-01-01", end_date="2025-01-01"), named(end_date="2025-01-01")] == [False, False, True]
