"""What has no end is written as the last day of the calendar, and a slip may be its first: each is answered, and nothing breaks."""

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from services.privacy.clocks.terms import FIRST, LAST, CalendarDays, Hours, WorkingDays, Yearly, begins, overdue_from, warned_from
from services.privacy.policy.calendar_days import day_in
from tests.privacy.rights import Staff, amendment, inspection, schedule
from tests.privacy.world import STAFF, World

ZONES = ("America/New_York", "Pacific/Guam", "Pacific/Pago_Pago", "UTC")
FOR_EVER = "9999-12-31T23:59:59.999Z"


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("term", [CalendarDays(45), Hours(72), WorkingDays(3), Yearly()], ids=str)
def test_a_term_at_an_end_of_the_calendar_ends_with_it(zone: str, term: CalendarDays | Hours | WorkingDays | Yearly) -> None:
    assert overdue_from(term, LAST, zone_name=zone) == LAST
    for at in (FIRST, LAST, datetime(9999, 12, 30, 12, tzinfo=UTC)):
        too_late = overdue_from(term, at, zone_name=zone)
        assert at <= too_late <= LAST
        assert FIRST <= warned_from(too_late, days=30, zone_name=zone) <= too_late
    assert warned_from(FIRST, days=30, zone_name=zone) == begins(date.min, ZoneInfo(zone))


@pytest.mark.parametrize("zone", ZONES)
def test_every_day_begins_and_every_instant_has_a_day(zone: str) -> None:
    there = ZoneInfo(zone)
    assert [FIRST <= begins(day, there) <= LAST for day in (date.min, date.max)] == [True, True]
    assert (day_in(FIRST, there) <= date(1, 1, 2), day_in(LAST, there) >= date(9999, 12, 30)) == (True, True)


@pytest.mark.anyio
@pytest.mark.parametrize("zone", ["America/New_York", "Pacific/Guam", "Pacific/Pago_Pago"])
@pytest.mark.one_row_on_postgresql
async def test_a_consent_for_ever_is_a_consent_and_a_slip_is_told_as_one(world: World, zone: str) -> None:
    world.oak = world.oak.model_copy(update={"time_zone": zone, "version": 2})
    await world.node.project(world.oak)
    staff, facts, client = Staff(world), await world.student(), world.node.client(world.oak, *STAFF)
    consent = await world.consent(facts, expires_at=FOR_EVER)
    less: dict[str, Any] = {"acting_for": world.withdrawal(consent)["acting_for"], "reason": "asked-by-parent", "expires_at": FOR_EVER}
    less |= {"elements": list(consent.elements[:1]), "purposes": list(consent.purposes)}
    assert (await client.post(f"/v1/consents/{consent.id}/narrowing", less)).status == 200
    for path, body in (
        ("/v1/inspections", inspection(world, facts, received_on="0001-01-01")),
        ("/v1/amendments", amendment(world, facts, received_on="0001-01-01")),
    ):
        assert (await client.post(path, body)).status == 201
    hearing = await staff.hearing(facts)
    await staff.step(hearing, "schedule", schedule())
    slip = await client.post(f"/v1/hearings/{hearing.id}/record", {"held_at": "0001-01-01T00:00:00-12:00", "opportunity_ref": "minutes"})
    assert slip.status == 200
