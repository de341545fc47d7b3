"""Organisations of a roster's files are added once, and schools with one number in two districts are two."""

from datetime import date

import pytest

from node.organisation_files import NamedOrganisation, add_all
from tests.gateway.house import House

pytestmark = pytest.mark.anyio


async def test_a_schools_number_is_its_own_within_its_district(house: House) -> None:
    agency = await house.organisation("sea")
    districts = [NamedOrganisation(f"d{n}", "lea", f"District {n}", None, f"0{n}", None) for n in (1, 2, 3)]
    schools = [NamedOrganisation(f"s{n}", "school", f"School of {n}", None, "0021", f"d{n}") for n in (1, 2, 3)]
    charter = [NamedOrganisation("s9", "school", "School of its own district", None, "01", "d1")]
    about = {"agency_id": agency.id, "time_zone": agency.time_zone, "today": date(2026, 7, 1), "agreements": {}}
    first = await add_all(house.hand, [*districts[:2], *schools[:2]], **about)  # type: ignore[arg-type]  # by name
    assert len(first) == 4
    again = await add_all(house.hand, [*districts, *schools, *charter], **about)  # type: ignore[arg-type]
    assert sorted(one.name for one in again) == ["District 3", "School of 3", "School of its own district"]
