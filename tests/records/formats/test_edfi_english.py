"""What an organisation says of a student's English is an English learner's status, and goes out as it came."""

from typing import Any

import pytest

from services.records.formats.edfi_api import read_edfi_api
from services.records.formats.edfi_six import as_six
from services.records.formats.edfi_xml import read_edfi_xml
from services.records.loading_rosters import over
from tests.records.formats.edfi_bodies import SCHOOLS, STUDENT, bodies, d
from tests.records.formats.edfi_files import FILES
from tests.records.formats.test_edfi_participation import from_api, from_xml
from tests.records.formats.test_edfi_round_trip import out, read
from tests.records.formats.test_edfi_xml import archive

SAID = "limitedEnglishProficiencyDescriptor"
AT = "studentEducationOrganizationAssociations"
TAUGHT = "studentLanguageInstructionProgramAssociations"
LIMITED = {"system": "uri://ed-fi.org/LimitedEnglishProficiencyDescriptor", "code": "Limited"}


def learner(said: dict[str, Any]) -> Any:
    return read(said).document().get("programmes", {}).get("english_learner")


@pytest.mark.requirement("FORM-edfi")
@pytest.mark.parametrize("read_all", [from_api, from_xml], ids=["JSON", "XML"])
def test_it_is_the_status_of_who_is_in_a_programme_too(read_all: Any) -> None:
    held = read_all().document()["programmes"]["english_learner"]
    assert held["status"] == LIMITED
    assert held["begin_date"] == "2025-08-25"
    assert held["services"][0]["code"] == "Dual language"


@pytest.mark.requirement("FORM-edfi")
@pytest.mark.parametrize("code", ["Limited", "Limited Monitored 1", "NotLimited"])
def test_it_is_all_that_is_said_of_who_is_in_none_and_goes_out_as_it_came(code: str) -> None:
    said = bodies()
    said[TAUGHT], said[AT][0][SAID] = [], d("LimitedEnglishProficiency", code)
    assert learner(said) == {"status": {**LIMITED, "code": code}}
    for shaped in (said, {TAUGHT: [], **as_six(said)}):
        resources, missing = out(read(shaped), STUDENT["studentUniqueId"], SCHOOLS)
        assert (resources[AT][0][SAID], TAUGHT in resources) == (d("LimitedEnglishProficiency", code), False)
        assert "programmes.english_learner" not in missing


def test_whoever_is_taught_and_no_learner_any_more_is_said_to_be_both() -> None:
    said = bodies()
    said[AT][0][SAID] = d("LimitedEnglishProficiency", "NotLimited")
    resources, missing = out(read(said), STUDENT["studentUniqueId"], SCHOOLS)
    assert [one["beginDate"] for one in resources[TAUGHT]] == [one["beginDate"] for one in bodies()[TAUGHT]]
    assert resources[AT][0][SAID] == said[AT][0][SAID]
    assert "programmes.english_learner" not in missing


@pytest.mark.requirement("FORM-edfi-kept")
def test_an_upload_without_the_programmes_keeps_it_beside_since_it_does_not_say_what_they_are() -> None:
    said = bodies()
    del said[TAUGHT]
    [student] = read_edfi_api(said).students
    assert "english_learner" not in (student.record.document()["programmes"] if student.record else {})
    assert [one[SAID] for one in (student.beside or {})[AT]] == [d("LimitedEnglishProficiency", "Limited")]


@pytest.mark.requirement("FORM-edfi-kept")
def test_of_two_organisations_that_differ_the_last_counts_and_the_other_is_kept() -> None:
    said = bodies()
    at = {"studentReference": said[AT][0]["studentReference"], "educationOrganizationReference": {"educationOrganizationId": 255901}}
    said[AT].append({**at, SAID: d("LimitedEnglishProficiency", "NotLimited")})
    assert learner(said)["status"]["code"] == "NotLimited"
    [student] = read_edfi_api(said).students
    assert SAID in (student.beside or {})[AT][0]
    said[AT][0][SAID] = said[AT][1][SAID]
    [student] = read_edfi_api(said).students
    assert (student.beside or {})[AT] == []


def test_the_files_have_tribes_and_a_connection_to_the_military_as_the_api_has() -> None:
    demographics = from_xml().document()["demographics"]
    assert demographics["tribal_affiliation"][0]["tribe"]["code"] == "Comanche"
    assert demographics["military_connection"]["status"]["code"] == "Active Duty"


@pytest.mark.parametrize(
    ("said", "other", "element"),
    [
        ("1 Foundry Row", "9 Elm Street", "contacts.addresses"),
        ("(950) 555-0100", "(950) 555-0199", "contacts.telephones"),
        ("RaceDescriptor#White", "RaceDescriptor#Asian", "demographics.race_ethnicity"),
    ],
)
def test_what_files_say_otherwise_than_those_before_takes_its_place(said: str, other: str, element: str) -> None:
    """What is read is not kept beside the record: it would be nowhere."""
    first = from_xml()
    roster = read_edfi_xml(archive(**{name: text.replace(said, other) for name, text in FILES.items()}))
    [second] = [one.record for one in roster.students if one.source_id == "604821"]
    assert second is not None
    stored = over(first, second, carries=roster.carries, updates=roster.updates).document()
    section, _, member = element.partition(".")
    assert stored[section][member] == second.document()[section][member] != first.document()[section][member]


def test_the_files_have_other_names_the_country_of_birth_and_a_contacts_language_as_the_api_has() -> None:
    document = from_xml().document()
    assert document["identity"]["other_names"] == [{"kind": "previous-legal", "first": "Anna", "last": "Garza", "sealed": False}]
    assert document["identity"]["birth_place"] == {"city": "Grand Bend", "state": "TX", "country": "US"}
    assert document["contacts"]["guardians"][0]["language"] == "spa"


@pytest.mark.parametrize("said", ["CountryDescriptor#United States", "CountryDescriptor#USA"])
def test_a_country_that_is_no_code_takes_the_rest_of_the_place_of_birth_not_along(said: str) -> None:
    files = {name: text.replace("CountryDescriptor#US", said) for name, text in FILES.items()}
    [student] = [one for one in read_edfi_xml(archive(**files)).students if one.source_id == "604821"]
    assert student.record is not None
    assert student.record.document()["identity"]["birth_place"] == {"city": "Grand Bend", "state": "TX"}
    assert said in str((student.beside or {})["Student"])


def test_an_association_of_which_all_is_read_is_not_kept_again() -> None:
    [student] = [one for one in read_edfi_xml(archive(**FILES)).students if one.source_id == "604821"]
    kept = student.beside or {}
    assert kept["StudentTitleIPartAProgramAssociation"] == []
    assert len(kept["StudentMigrantEducationProgramAssociation"]) == 1, "two days of arrival"
