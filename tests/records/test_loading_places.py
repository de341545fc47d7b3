"""A school that a record names is found among the loader's own, and never where it may be another one."""

from datetime import date
from uuid import UUID

import pytest

from safepassage.record import OrganisationReference
from safepassage.record.loads import LoadedRecord
from safepassage.wire_organisations import Organisation
from services.records.formats.oneroster_places import Directory, Links
from services.records.loading_places import Places
from services.records.tables import OrganisationRow

AGENCY = UUID(int=1)
DAY = date(2026, 10, 20)


def row(number: int, kind: str, parent: int, *, begins: date = date(2020, 7, 1), ends: date | None = None, **ids: str) -> OrganisationRow:
    about = {"id": UUID(int=number), "kind": kind, "parent_id": UUID(int=parent), "valid_from": begins, "valid_until": ends, **ids}
    whole = Organisation.model_validate({**about, "name": f"The {kind}", "version": 1})
    return OrganisationRow(**{"nces_id": None, "state_id": None, **about}, version=1, whole=whole.model_dump_json())


OAK, ELM = row(2, "lea", 1, state_id="13"), row(3, "lea", 1, state_id="48")
OAK_HIGH, ELM_HIGH = row(4, "school", 2, state_id="0021", nces_id="030000100001"), row(5, "school", 3, state_id="0021")
CHARTER, CHARTER_SCHOOL = row(6, "lea", 1, state_id="9007"), row(7, "school", 6, state_id="9007")
OTHER = row(8, "school", 3, state_id="030000100001")
EVERY = (OAK, ELM, OAK_HIGH, ELM_HIGH, CHARTER, CHARTER_SCHOOL, OTHER)


@pytest.mark.parametrize(
    ("named", "found"),
    [
        ({"state_id": "0021"}, None),
        ({"local_id": "0021"}, None),
        ({"state_id": "0021", "nces_id": "030000100001"}, OAK_HIGH),
        ({"nces_id": "030000100001"}, OAK_HIGH),
        ({"state_id": "030000100001"}, OTHER),
        ({"state_id": "9007"}, CHARTER_SCHOOL),
        ({"state_id": "13"}, OAK),
        ({"name": "The school"}, None),
    ],
)
def test_an_id_that_several_schools_of_the_loaders_have_names_none_of_them(named: dict[str, str], found: OrganisationRow | None) -> None:
    reference = OrganisationReference.model_validate(named)
    for rows in (EVERY, EVERY[::-1]):
        assert Places(AGENCY, rows).find(reference, DAY) is found


@pytest.mark.parametrize(("district", "its_own"), [(OAK, OAK_HIGH), (ELM, ELM_HIGH)])
def test_within_its_district_the_number_is_the_schools(district: OrganisationRow, its_own: OrganisationRow) -> None:
    below = [one for one in EVERY if district.id in (one.id, one.parent_id)]
    assert Places(district.id, below).find(OrganisationReference(state_id="0021"), DAY) is its_own


MERGED = date(2026, 7, 1)
BEFORE, AFTER = row(9, "school", 2, state_id="0077", ends=MERGED), row(10, "school", 3, state_id="0077", begins=MERGED)


@pytest.mark.parametrize("kind", ["school", "lea"])
def test_a_district_that_follows_another_is_told_by_the_day_too(kind: str) -> None:
    first, then = row(11, kind, 1, state_id="0500", ends=MERGED), row(12, kind, 1, state_id="0500", begins=MERGED)
    assert Places(AGENCY, [first, then]).find(OrganisationReference(state_id="0500"), MERGED) is then


@pytest.mark.parametrize(("on", "found"), [(date(2026, 6, 30), BEFORE), (MERGED, AFTER), (date(2019, 1, 1), None)])
def test_of_schools_that_follow_one_another_with_one_id_it_is_the_one_of_the_day(on: date, found: OrganisationRow | None) -> None:
    assert Places(AGENCY, [BEFORE, AFTER]).find(OrganisationReference(state_id="0077"), on) is found
    assert Places(AGENCY, [BEFORE]).find(OrganisationReference(state_id="0077"), on) is BEFORE


@pytest.mark.parametrize(
    ("entry", "exit_", "at"),
    [
        (date(2024, 8, 20), None, AFTER),
        (date(2024, 8, 20), date(2026, 6, 12), BEFORE),
        (date(2024, 8, 20), date(2027, 6, 12), AFTER),
        (date(2026, 11, 1), None, AFTER),
    ],
)
def test_an_enrolment_is_at_the_school_of_its_own_days(entry: date, exit_: date | None, at: OrganisationRow) -> None:
    said = {"school": {"state_id": "0077"}, "entry_date": entry} | ({} if exit_ is None else {"exit_date": exit_})
    record = LoadedRecord.model_validate({"enrollment": {"enrollments": [said]}})
    belonging = Places(AGENCY, [BEFORE, AFTER]).belonging(record, DAY)
    assert [one.organisation_id for one in belonging.enrolled] == [at.id]
    assert belonging.custodian_id == at.parent_id


@pytest.mark.parametrize(("district", "found"), [("13", OAK_HIGH), ("48", ELM_HIGH), ("9007", None), ("unknown", None)])
def test_of_several_it_is_the_one_of_the_district_that_is_named_with_it(district: str, found: OrganisationRow | None) -> None:
    school, of = OrganisationReference(state_id="0021"), OrganisationReference(state_id=district)
    assert Places(AGENCY, EVERY).find(school, DAY, district=of) is found
    said = {"school": {"state_id": "0021"}, "district": {"state_id": district}, "entry_date": "2026-08-20"}
    belonging = Places(AGENCY, EVERY).belonging(LoadedRecord.model_validate({"enrollment": {"enrollments": [said]}}), DAY)
    assert belonging.custodian_id == (AGENCY if found is None else found.parent_id)
    assert belonging.unresolved is (found is None)


def test_a_package_of_a_vendor_names_the_school_by_the_same_rule() -> None:
    directory = Directory([one.organisation for one in EVERY], links=Links("https://node.example"))
    assert directory.find({"state_id": "0021"}, DAY) is None
    assert directory.find({"state_id": "0021"}, DAY, district={"state_id": "48"}) == ELM_HIGH.organisation
    assert directory.find({"nces_id": "030000100001"}, DAY) == OAK_HIGH.organisation
    assert directory.find(None, DAY) is None


def test_who_resolved_otherwise_before_is_read_anew_with_the_next_load() -> None:
    assert Places(AGENCY, EVERY).mark != Places(AGENCY, [one for one in EVERY if one is not ELM_HIGH]).mark
    assert Places(AGENCY, EVERY).mark == Places(AGENCY, EVERY[::-1]).mark
