"""A child whose system says by a characteristic alone that it is homeless, in foster care or of a military family is so in the record."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest

from safepassage.record.loads import LoadedRecord
from services.records.formats.edfi_api import read_edfi_api
from services.records.formats.edfi_characteristics import NOT_NAMED
from services.records.formats.edfi_six import as_six
from services.records.formats.edfi_xml import read_edfi_xml
from services.records.left_with_source import Left, now_left
from services.records.loading_rosters import over
from services.records.roster_division import Division, Leaving
from services.records.statistics.coding import DIMENSIONS, coded
from services.records.subject_facts import facts_of, flags_of
from tests.records.formats.edfi_bodies import SCHOOLS, STUDENT, bodies, d
from tests.records.formats.edfi_files import FILES
from tests.records.formats.test_edfi_json import from_load
from tests.records.formats.test_edfi_round_trip import out, read
from tests.records.formats.test_edfi_xml import archive

AT, HOMELESS = "studentEducationOrganizationAssociations", "studentHomelessProgramAssociations"
SUPPORTER = "supporterMilitaryConnectionDescriptor"
SYSTEM = "uri://ed-fi.org/StudentCharacteristicDescriptor"
PERIOD = {"beginDate": "2025-09-04", "endDate": "2026-02-27"}
DAYS = {"begin_date": "2025-09-04", "end_date": "2026-02-27"}
ALL = ("Homeless", "Unaccompanied Youth", "Foster Care", "Parent in Military")
SAID: dict[str, dict[str, Any]] = {
    "homeless": {**DAYS, "unaccompanied_youth": True},
    "foster": {**DAYS, "agency": NOT_NAMED, "role": {"system": SYSTEM, "code": "Foster Care"}},
}
SERVES = {**DAYS, "status": {"system": SYSTEM, "code": "Parent in Military"}}


def characteristic(code: str, **period: str) -> dict[str, Any]:
    return {"studentCharacteristicDescriptor": d("StudentCharacteristic", code), **({"periods": [period]} if period else {})}


def saying(*said: dict[str, Any], programme: bool = False) -> dict[str, Any]:
    """Bodies of whom the programme of homeless children and a supporter say nothing, unless `programme`."""
    made = bodies()
    made[AT][0]["studentCharacteristics"] = list(said)
    if not programme:
        made[HOMELESS] = []
        del made[AT][0][SUPPORTER]
    return made


def from_api() -> LoadedRecord:
    return read(saying(*(characteristic(code, **PERIOD) for code in ALL)))


def from_six() -> LoadedRecord:
    return read({HOMELESS: [], **as_six(saying(*(characteristic(code, **PERIOD) for code in ALL)))})


def element(code: str) -> str:
    period = f"<Period><BeginDate>{PERIOD['beginDate']}</BeginDate><EndDate>{PERIOD['endDate']}</EndDate></Period>"
    inside = f"<StudentCharacteristic>{d('StudentCharacteristic', code)}</StudentCharacteristic>{period}"
    return f"<StudentCharacteristic>{inside}</StudentCharacteristic>"


def from_xml() -> LoadedRecord:
    supporter = f"<SupporterMilitaryConnection>{d('SupporterMilitaryConnection', 'Active Duty')}</SupporterMilitaryConnection>"
    proficiency = "<LimitedEnglishProficiency>"
    files = {name: text.replace(supporter, "") for name, text in FILES.items()}
    changed = {name: text.replace(proficiency, "".join(map(element, ALL)) + proficiency) for name, text in files.items()}
    changed = {
        name: text.replace("StudentHomelessProgramAssociation", "StudentUnknownProgramAssociation") for name, text in changed.items()
    }
    [student] = [one for one in read_edfi_xml(archive(**changed)).students if one.source_id == STUDENT["studentUniqueId"]]
    assert student.record is not None
    return student.record


@pytest.mark.requirement("FORM-edfi")
@pytest.mark.parametrize("read_all", [from_api, from_six, from_xml], ids=["JSON", "JSON of 6", "XML"])
def test_what_a_characteristic_says_is_in_the_record_with_its_days(read_all: Any) -> None:
    held = read_all()
    programmes = held.document()["programmes"]
    assert {name: programmes.get(name) for name in SAID} == SAID
    assert held.document()["demographics"]["military_connection"] == SERVES
    assert {"homeless", "foster", "military"} <= flags_of(held)


@pytest.mark.requirement("FORM-edfi")
def test_privacy_and_statistics_know_of_it() -> None:
    record = from_load({k: v for k, v in from_api().document().items() if k != "statements"})
    words = dict(zip(DIMENSIONS, coded(record, arrived_from=None, today=date(2026, 1, 9))[1:], strict=False))
    after = dict(zip(DIMENSIONS, coded(record, arrived_from=None, today=date(2026, 3, 9))[1:], strict=False))
    none = dict(zip(DIMENSIONS, coded(from_load({}), arrived_from=None, today=date(2026, 1, 9))[1:], strict=False))
    for name in ("homeless", "foster", "military-connected"):
        assert (words[name] != none[name], after[name]) == (True, none[name]), name
    one, now = UUID(int=1), datetime(2026, 1, 9, tzinfo=UTC)
    facts = facts_of(
        record, student_id=one, facts_version=1, custodian_id=one, originating_agency="a", enrolled=(), time_zone="UTC",
        jurisdiction="US-AL", now=now,
    )  # fmt: skip
    assert facts is not None
    assert {"homeless", "foster", "military"} <= facts.flags
    assert facts.military_service is not None
    assert (facts.military_service.status, facts.military_service.since) == ("not-known", date(2025, 9, 4))


@pytest.mark.requirement("FORM-edfi")
@pytest.mark.parametrize("period", [PERIOD, {"beginDate": "2025-09-04"}, {}], ids=["past", "holds", "no days"])
def test_it_goes_out_as_a_characteristic_and_as_nothing_else(period: dict[str, str]) -> None:
    said = [characteristic(code, **period) for code in ALL]
    resources, missing = out(read(saying(*said)), STUDENT["studentUniqueId"], SCHOOLS)
    assert resources[AT][0]["studentCharacteristics"] == said
    assert (HOMELESS in resources, SUPPORTER in resources[AT][0]) == (False, False)
    assert not missing & {"programmes.homeless", "programmes.foster", "demographics.military_connection"}
    assert as_six(resources)["studentDemographics"][0]["studentCharacteristics"] == said


def test_days_without_a_first_one_and_an_agency_s_own_words_are_named() -> None:
    document = {k: v for k, v in from_api().document().items() if k != "statements"}
    for name, changed in (("homeless", {"end_date": "2026-02-27"}), ("foster", {**SAID["foster"], "agency": "Alder County Children"})):
        document["programmes"][name] = changed
    resources, missing = out(LoadedRecord.model_validate(document), STUDENT["studentUniqueId"], SCHOOLS)
    assert {"programmes.homeless", "programmes.foster"} <= missing
    codes = [one["studentCharacteristicDescriptor"].partition("#")[2] for one in resources[AT][0]["studentCharacteristics"]]
    assert codes == ["Homeless", "Parent in Military"]


@pytest.mark.requirement("FORM-edfi")
def test_a_programme_and_a_supporter_count_and_are_not_said_twice() -> None:
    before, after = read(bodies()).document(), read(saying(*map(characteristic, ALL), programme=True)).document()
    assert after["programmes"]["homeless"] == before["programmes"]["homeless"]
    assert after["demographics"] == before["demographics"]
    resources, _ = out(read(saying(*map(characteristic, ALL), programme=True)), STUDENT["studentUniqueId"], SCHOOLS)
    assert resources[AT][0]["studentCharacteristics"] == [characteristic("Foster Care")]
    assert len(resources[HOMELESS]) == 1


def test_a_child_in_the_programme_is_unaccompanied_where_a_characteristic_alone_says_so() -> None:
    said = saying(characteristic("Unaccompanied Youth"), programme=True)
    del said[HOMELESS][0]["homelessUnaccompaniedYouth"]
    assert read(said).document()["programmes"]["homeless"]["unaccompanied_youth"] is True
    past = saying(characteristic("Homeless"), characteristic("Unaccompanied Youth", **PERIOD))
    assert read(past).document()["programmes"]["homeless"] == {}


@pytest.mark.requirement("FORM-edfi-kept")
@pytest.mark.parametrize("code", ["Unaccompanied Youth", "Economic Disadvantaged", "Migrant", "Immigrant", "Runaway", "Not Homeless"])
def test_what_no_element_says_is_kept_beside_the_record_and_sets_nothing(code: str) -> None:
    parsed = read_edfi_api(saying(characteristic(code, **PERIOD)))
    [student] = parsed.students
    assert student.record == read(saying())
    assert (student.beside or {})[AT][0]["studentCharacteristics"] == [characteristic(code, **PERIOD)]
    assert parsed.findings.reasons["member-kept"] > read_edfi_api(saying()).findings.reasons["member-kept"]


def test_of_several_periods_and_organisations_what_holds_comes_before_what_began_last() -> None:
    said = saying(characteristic("Homeless", beginDate="2026-01-12", endDate="2026-02-20"))
    two = {
        "studentCharacteristicDescriptor": d("StudentCharacteristic", "Homeless"),
        "periods": [{"beginDate": "2024-03-04", "endDate": "2024-05-31"}, {"beginDate": "2025-10-06"}],
    }
    said[AT].append({**said[AT][0], "educationOrganizationReference": {"educationOrganizationId": 255901}, "studentCharacteristics": [two]})
    assert read(said).document()["programmes"]["homeless"] == {"begin_date": "2025-10-06"}


def test_a_period_that_ends_before_it_begins_takes_no_protection_away() -> None:
    assert read(saying(characteristic("Homeless", beginDate="2026-02-27", endDate="2025-09-04"))).document()["programmes"]["homeless"] == {}


def test_it_is_left_with_the_source_where_the_rest_is_and_the_flag_stays_here() -> None:
    document = saying(*map(characteristic, ALL))
    del document[HOMELESS]
    roster = read_edfi_api(document)
    left = Division(roster, UUID(int=1), Leaving("oak-sis")).of(roster.students[0], None)
    assert isinstance(left, Left)
    assert {"programmes.homeless", "programmes.foster", "demographics.military_connection"} <= left.gone
    assert roster.students[0].record is not None
    assert {"homeless", "foster", "military"} <= now_left(left, None, roster.students[0].record).flags


def loaded(before: LoadedRecord, *said: dict[str, Any]) -> dict[str, Any]:
    """After an upload that has no programmes."""
    document = saying(*said)
    del document[HOMELESS]
    roster = read_edfi_api(document)
    record = roster.students[0].record
    assert record is not None
    return over(before, record, carries=roster.carries, updates=roster.updates).document()


@pytest.mark.requirement("FORM-edfi")
def test_a_characteristic_follows_its_system_and_takes_nothing_away_that_says_more() -> None:
    ended = [characteristic(code, **PERIOD) for code in ALL]
    bare = loaded(read(saying(*map(characteristic, ALL))), *ended)
    assert {name: bare["programmes"][name] for name in SAID} == SAID
    again = loaded(from_api(), *map(characteristic, ALL))
    assert (again["programmes"]["homeless"], "end_date" in again["programmes"]["foster"]) == ({"unaccompanied_youth": True}, False)
    more = read(bodies()).document()
    more["programmes"]["foster"] = {"agency": "Alder County Children", "role": {"system": "alder", "code": "legal-custody"}}
    held = LoadedRecord.model_validate({k: v for k, v in more.items() if k != "statements"})
    kept = loaded(held, *ended)
    assert {name: kept["programmes"][name] for name in SAID} == {name: more["programmes"][name] for name in SAID}
    assert kept["demographics"]["military_connection"] == more["demographics"]["military_connection"]
