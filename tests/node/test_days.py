"""Who is added is there at once, on whichever side of the date line."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from node.days import first_day
from safepassage.wire_organisations import Organisation
from services.gateway.registry.in_force import is_there
from services.privacy.policy.organisation_tree import OrganisationTree
from services.privacy.policy.party_facts import is_on_record
from shared.contracts.privacy import Recipient

EVENING, MORNING = datetime(2027, 1, 1, 5, tzinfo=UTC), datetime(2026, 12, 31, 21, tzinfo=UTC)


@pytest.mark.requirement("DAY-state")
@pytest.mark.parametrize(
    ("zone", "now", "day"),
    [
        ("Pacific/Pago_Pago", EVENING, date(2026, 12, 31)),
        ("Pacific/Honolulu", EVENING, date(2026, 12, 31)),
        ("America/New_York", EVENING, date(2027, 1, 1)),
        ("Pacific/Guam", EVENING, date(2027, 1, 1)),
        ("Pacific/Guam", MORNING, date(2026, 12, 31)),
        ("Pacific/Honolulu", MORNING, date(2026, 12, 31)),
    ],
)
def test_an_organisation_that_is_added_is_let_in_and_decided_for_at_once(zone: str, now: datetime, day: date) -> None:
    assert first_day(now, zone) == day
    added = Organisation(id=UUID(int=9), version=1, kind="lea", name="Oak", time_zone=zone, valid_from=day)
    assert is_there(added.valid_from, added.valid_until, now.astimezone(ZoneInfo(zone)).date())
    assert is_on_record(Recipient(id=str(added.id), kind="lea"), OrganisationTree({added.id: added}), now)


@pytest.mark.requirement("DAY-state")
def test_a_vendor_elsewhere_is_there_from_the_agencys_day_on() -> None:
    """In American Samoa it is evening, in New York past midnight."""
    now = datetime(2027, 1, 1, 6, tzinfo=UTC)
    assert [first_day(now, "America/New_York"), first_day(now, "America/New_York", "Pacific/Pago_Pago")] == [now.date(), date(2026, 12, 31)]


@pytest.mark.requirement("DAY-state")
@pytest.mark.parametrize("zone", ["Pacific/Pago_Pago", "America/Los_Angeles", "Pacific/Guam"])
def test_what_the_door_lets_in_is_on_record_for_decisions_wherever_it_is_itself(zone: str) -> None:
    """A vendor that was added without a time zone is in New York."""
    about: dict[str, Any] = {"version": 1, "valid_from": date(2020, 1, 1)}
    state = Organisation(id=UUID(int=1), kind="sea", name="A state", time_zone=zone, **about)
    vendor = Organisation(id=UUID(int=9), kind="vendor", name="A vendor", valid_until=date(2027, 3, 15), **about)
    tree, known = OrganisationTree({state.id: state, vendor.id: vendor}), set()
    for hour in range(-30, 30):
        now = datetime(2027, 3, 15, tzinfo=UTC) + timedelta(hours=hour)
        there = is_on_record(Recipient(id=str(vendor.id), kind="vendor"), tree, now)
        assert there == is_there(vendor.valid_from, vendor.valid_until, now.astimezone(ZoneInfo(zone)).date()), now
        known.add(there)
    assert known == {True, False}
