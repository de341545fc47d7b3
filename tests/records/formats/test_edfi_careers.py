"""Programmes of career and technical education at one time, and how special education ended, are in the record and come out of it."""

from typing import Any

import pytest

from safepassage.record.loads import LoadedRecord
from services.records.formats.edfi_api import read_edfi_api
from services.records.formats.edfi_six import as_six
from tests.records.formats.edfi_bodies import SCHOOLS, STUDENT, bodies, d
from tests.records.formats.test_edfi_participation import from_api, from_xml
from tests.records.formats.test_edfi_round_trip import out, read

CAREERS = "studentCTEProgramAssociations"
SPECIAL = "studentSpecialEducationProgramAssociations"
AT = "educationOrganizationReference"


def beside(said: dict[str, Any], resource: str) -> list[dict[str, Any]]:
    [student] = read_edfi_api(said).students
    return list((student.beside or {})[resource])


@pytest.mark.requirement("FORM-edfi")
@pytest.mark.parametrize(("read_all", "elsewhere"), [(from_api, "255990"), (from_xml, "390")], ids=["JSON", "XML"])
def test_of_two_programmes_at_once_the_one_that_began_last_has_the_other_with_its_name_and_place(read_all: Any, elsewhere: str) -> None:
    record: LoadedRecord = read_all()
    held = record.document()["programmes"]["career_technical"]
    assert (held["begin_date"], held["participant"]["code"], "name" in held) == ("2025-08-25", "Yes", False)
    [other] = held["others"]
    assert (other["begin_date"], other["end_date"], other["name"], other["private"]) == ("2025-08-11", "2026-05-29", "Agriculture", True)
    assert other["organisation"]["state_id"] == elsewhere
    assert not {"participant", "others", "offered_by", "kind"} & set(other)


@pytest.mark.requirement("FORM-edfi")
def test_each_goes_out_as_an_association_of_its_own_as_it_came() -> None:
    resources, missing = out(read(bodies()), STUDENT["studentUniqueId"], SCHOOLS)
    assert resources[CAREERS] == bodies()[CAREERS]
    assert "programmes.career_technical" not in missing
    assert beside(bodies(), CAREERS) == []


@pytest.mark.parametrize("differs", ["programName", "programTypeDescriptor", "educationOrganizationId", AT])
def test_two_of_one_day_that_differ_by_name_kind_or_place_alone_are_two(differs: str) -> None:
    said = bodies()
    [*_, first] = said[CAREERS]
    if differs == AT:
        second = {**first, AT: {"educationOrganizationId": 255901001}}
    else:
        other = {"programName": "Health Science", "programTypeDescriptor": d("ProgramType", "Health"), "educationOrganizationId": 255777}
        second = {**first, "programReference": {**first["programReference"], differs: other[differs]}}
    said[CAREERS] = [first, second]
    resources, missing = out(read(said), STUDENT["studentUniqueId"], SCHOOLS)
    assert resources[CAREERS] == [first, second]
    assert "programmes.career_technical" not in missing
    assert beside(said, CAREERS) == []


def test_of_two_bodies_of_one_key_the_last_counts_and_the_other_is_kept_whole() -> None:
    said = bodies()
    [other, first] = said[CAREERS]
    said[CAREERS] = [other, first, {**first, "nonTraditionalGenderStatus": False}]
    held = read(said).document()["programmes"]["career_technical"]
    assert (held["nontraditional_gender"], len(held["others"])) == (False, 1)
    assert beside(said, CAREERS) == [first]


def test_one_programme_of_the_students_own_district_is_said_as_it_was_before_there_could_be_several() -> None:
    said = bodies()
    said[CAREERS] = said[CAREERS][-1:]
    held = read(said).document()["programmes"]["career_technical"]
    assert not {"name", "kind", "organisation", "offered_by", "others"} & set(held)


def test_one_that_is_not_valid_takes_none_of_the_others_along() -> None:
    said = bodies()
    said[CAREERS][0]["endDate"] = "2025-01-01"  # before it begins
    held = read(said).document()["programmes"]["career_technical"]
    assert "others" not in held
    assert beside(said, CAREERS)[0]["endDate"] == "2025-01-01"


@pytest.mark.requirement("FORM-edfi")
@pytest.mark.parametrize("read_all", [from_api, from_xml], ids=["JSON", "XML"])
def test_when_and_why_special_education_ended_and_which_service_is_the_primary_one_are_in_the_record(read_all: Any) -> None:
    special = read_all().document()["special_education"]
    eligibility = special["eligibility"]
    assert (eligibility["served_from"], eligibility["served_until"]) == ("2025-08-25", "2026-05-29")
    assert (eligibility["exited_on"], eligibility["exit_reason"]["code"]) == ("2026-05-15", "Moved")
    assert eligibility["exit_explanation"] == "the family moved to another state"
    assert [one.get("primary") for one in special["iep"]["services"]] == [True, None]


@pytest.mark.requirement("FORM-edfi")
def test_how_special_education_ended_goes_out_as_it_came() -> None:
    resources, _ = out(read(bodies()), STUDENT["studentUniqueId"], SCHOOLS)
    [before], [after] = bodies()[SPECIAL], resources[SPECIAL]
    assert after == {name: value for name, value in before.items() if name != "programParticipationStatuses"}


def test_a_reason_that_any_programme_may_have_counts_where_special_education_has_none_of_its_own() -> None:
    said = bodies()
    [association] = said[SPECIAL]
    general = association["reasonExitedDescriptor"] = d("ReasonExited", "Graduated")
    assert [one["reasonExitedDescriptor"] for one in beside(said, SPECIAL)] == [general]
    del association["specialEducationExitReasonDescriptor"]
    assert read(said).document()["special_education"]["eligibility"]["exit_reason"]["code"] == "Graduated"
    resources, _ = out(read(said), STUDENT["studentUniqueId"], SCHOOLS)
    [made] = resources[SPECIAL]
    assert (made["reasonExitedDescriptor"], "specialEducationExitReasonDescriptor" in made) == (general, False)


def test_both_go_in_and_out_of_data_standard_6() -> None:
    record = read(as_six(bodies()))
    assert record == read(bodies())
    assert record.document()["programmes"]["career_technical"]["others"][0]["name"] == "Agriculture"
