"""Ed-Fi interchanges of invented students: valid by the published schema, and what has a place there is read back as it was."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from node.synthetic.edfi_writer import write_edfi
from node.synthetic.population import Population, SyntheticRecord
from node.synthetic.profiles import PROFILES
from node.synthetic.rates import SUPPORT, Rates
from services.records.formats.archive import Archive
from services.records.formats.edfi_xml import read_edfi_xml

DAY = date(2026, 11, 26)
COUNT = 150
OFTEN = Rates(
    **dict.fromkeys((*SUPPORT, "gifted", "title_i", "exemption", "expulsion"), 0.4),
    details={"other_role": 0.3, "suspended": 0.3, "part_d": 0.3},
)

Said = dict[str, Any]


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Said, Said]]:
    """Each student's record as it was made, and as it was read."""
    population = Population(PROFILES["demo"], as_of=DAY, rates=OFTEN, students=COUNT)
    alder, path = population.states[0], tmp_path_factory.mktemp("ed-fi") / "alder.zip"
    made = {str(one.document["identity"]["identifiers"][0]["value"]): one for one in _once(population.records(alder))}
    write_edfi(path, alder, made.values(), as_of=DAY)
    parsed = read_edfi_xml(Archive.of_zip(path.read_bytes()))
    assert parsed.findings.faults.told() == ()
    assert parsed.findings.reasons.keys() <= {"member-kept", "of-no-student-alone"}
    read = {one.source_id: one.record for one in parsed.students}
    assert read.keys() == made.keys()
    return [(made[key].document, record.document()) for key, record in read.items() if record is not None]


def _once(everyone: Iterator[SyntheticRecord]) -> Iterator[SyntheticRecord]:
    return (one for one in everyone if one.truth.case != "twins-swapped-ids")


def codes(those: Any) -> list[str]:
    """The codes alone: the files name code lists by URI."""
    return [one["code"] for one in those]


def test_names_and_languages_are_read_as_they_were(both: list[tuple[Said, Said]]) -> None:
    for made, read in both:
        for part in ("prefix", "first", "middle", "suffix"):
            assert made["identity"]["name"].get(part) == read["identity"]["name"].get(part)
        assert made["identity"].get("preferred_name") == read["identity"].get("preferred_name")
        said = [(one["language"], one["use"]["code"]) for one in made["demographics"]["languages"]]
        assert [(one["language"], one["use"]["code"]) for one in read["demographics"]["languages"]] == said


def test_contacts_are_read_with_their_restrictions_and_rights_only_of_parents_and_legal_guardians(both: list[tuple[Said, Said]]) -> None:
    for made, read in both:
        pairs = zip(made["contacts"]["guardians"], read["contacts"]["guardians"], strict=True)
        for before, after in pairs:
            for member in ("lives_with_student", "contact_restriction", "priority"):
                assert before.get(member) == after.get(member)
            assert [one["address"] for one in before.get("emails", ())] == [one["address"] for one in after.get("emails", ())]
            assert "rights" in before or "rights" not in after
        assert [one.get("unit") for one in made["contacts"]["addresses"]] == [one.get("unit") for one in read["contacts"]["addresses"]]


@pytest.mark.parametrize(
    "name",
    ["homeless", "migrant", "english_learner", "meal_status", "title_i", "gifted", "career_technical", "neglected_delinquent"],
)
def test_a_programme_is_read_with_its_days(name: str, both: list[tuple[Said, Said]]) -> None:
    found = 0
    for made, read in both:
        before, after = made.get("programmes", {}).get(name), read.get("programmes", {}).get(name)
        assert (before is None) is (after is None)
        if before is not None and after is not None:
            found += 1
            dates = {part: day for part, day in before.items() if part in ("begin_date", "end_date", "qualifying_arrival_date")}
            assert dates.items() <= after.items()
    assert found > 5


def test_what_a_career_programme_teaches_and_what_a_part_d_programme_is_are_read_as_they_were(both: list[tuple[Said, Said]]) -> None:
    for made, read in both:
        before, after = made.get("programmes", {}), read.get("programmes", {})
        if "career_technical" in before:
            told, heard = before["career_technical"], after["career_technical"]
            assert told["nontraditional_gender"] is heard["nontraditional_gender"]
            for one, other in zip(told["services"], heard["services"], strict=True):
                assert {**one, "kind": one["kind"]["code"]} == {**other, "kind": other["kind"]["code"]}
        if "neglected_delinquent" in before:
            told, heard = before["neglected_delinquent"], after["neglected_delinquent"]
            for member in ("programme", "mathematics_progress", "reading_progress"):
                assert told[member]["code"] == heard[member]["code"]


def test_special_education_section_504_and_health_are_read_as_they_were(both: list[tuple[Said, Said]]) -> None:
    for made, read in both:
        before, after = made.get("special_education", {}), read.get("special_education", {})
        assert ("iep" in before, "section_504" in before) == ("iep" in after, "section_504" in after)
        if "iep" in before:
            assert codes(one["category"] for one in before["eligibility"]["disabilities"]) == codes(
                one["category"] for one in after["eligibility"]["disabilities"]
            )
            assert codes(one["kind"] for one in before["iep"]["services"]) == codes(one["kind"] for one in after["iep"]["services"])
            assert (before["iep"]["begin_date"], before["iep"]["end_date"]) == (after["iep"]["begin_date"], after["iep"]["end_date"])
        doses = [(one["vaccine"]["code"], one["given_on"]) for one in made["health"]["immunizations"]["doses"]]
        assert [(one["vaccine"]["code"], one["given_on"]) for one in read["health"]["immunizations"]["doses"]] == doses


def test_incidents_are_read_with_role_and_action_but_those_of_no_school(both: list[tuple[Said, Said]]) -> None:
    roles = set()
    for made, read in both:
        before = [one for one in made.get("discipline", {}).get("incidents", ()) if "school" in one]
        after = read.get("discipline", {}).get("incidents", ())
        assert sorted(_of_incident(one) for one in before) == sorted(_of_incident(one) for one in after)
        roles |= {one["role"]["code"] for one in after}
    assert roles == {"Perpetrator", "Victim", "Witness"}


def _of_incident(incident: Said) -> tuple[str, str, list[tuple[str, float]]]:
    actions = [(one["action"]["code"], float(one["length_days"])) for one in incident.get("actions", ())]
    return incident["incident_date"], incident["role"]["code"], actions
