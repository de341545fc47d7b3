"""Holds, retention and destruction by two, turned through the calendar of those who keep the log: from American Samoa to Guam."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from services.audit.retention.classes import is_over, periods
from services.audit.retention.rules import KeptEntry, Told, kept_of_node, kept_of_student, records_have_ended
from tests.audit.audit_node import AuditNode, event, give_organisations, running
from tests.audit.retention.officials import approved, ask, carried_out, clear, found, hold, lift, read
from tests.conftest import StandingClock

PAGO, GUAM, NEW_YORK = (ZoneInfo(name) for name in ("Pacific/Pago_Pago", "Pacific/Guam", "America/New_York"))
THEN = datetime(2026, 3, 1, 12, tzinfo=UTC)
"""In school year 2026; a read of it is kept for three years from its end."""


def at(zone: ZoneInfo, *when: int) -> datetime:
    """An instant by the wall's calendar there."""
    return datetime(*when, tzinfo=zone).astimezone(UTC)  # type: ignore[misc]  # year, month, day, ...


def kept(zone: ZoneInfo, now: datetime) -> tuple[str, ...]:
    facts: dict[str, Any] = {"holds": (), "years": periods({}), "log_year": 2040, "zone": zone, "now": now}
    entry = KeptEntry("read", THEN, False, frozenset())
    of_student = kept_of_student([entry], student=uuid4(), school_year=2026, records_ended=False, copy_owed=False, **facts).because
    years = {"years": {"read": 3}}
    assert kept_of_node(2026, pages_of_students=0, **facts | years).because == of_student
    return of_student


@pytest.mark.parametrize(
    ("zone", "last", "first"),
    [
        # In American Samoa it is 13:00 of 30 June when by UTC the school year is over.
        (PAGO, at(PAGO, 2029, 6, 30, 23, 59, 59), at(PAGO, 2029, 7, 1)),
        (NEW_YORK, at(NEW_YORK, 2029, 6, 30, 23, 59, 59), at(NEW_YORK, 2029, 7, 1)),
        # In Guam it is 10:00 of 1 July before the keys of the log change.
        (GUAM, at(GUAM, 2029, 7, 1, 9, 59, 59), at(GUAM, 2029, 7, 1, 10)),
    ],
)
def test_a_period_ends_when_it_is_over_by_utc_and_where_the_agency_is(zone: ZoneInfo, last: datetime, first: datetime) -> None:
    assert kept(zone, last) == ("retention-class",)
    assert kept(zone, first) == ()
    assert kept(zone, last.replace(year=2026)) == ("school-year-not-over",)
    assert kept(zone, first.replace(year=2026)) == ("retention-class",)


@pytest.mark.parametrize("zone", [PAGO, GUAM, NEW_YORK])
def test_a_school_year_with_a_leap_day_is_as_long_as_its_days(zone: ZoneInfo) -> None:
    for school_year in (2027, 2028, 2029):
        ended = max(at(zone, school_year, 7, 1), datetime(school_year, 7, 1, tzinfo=UTC))
        assert not is_over(school_year, now=ended - timedelta(seconds=1), zone=zone)
        assert is_over(school_year, now=ended, zone=zone)


@pytest.mark.parametrize("zone", [PAGO, GUAM, NEW_YORK])
def test_records_may_have_ended_on_the_leap_day_of_the_agency_and_on_no_day_that_is_yet_to_come(zone: ZoneInfo) -> None:
    cleared = Told(at(zone, 2032, 2, 28, 23), used_since=False, asked_since=False)
    for ended_on, now, ended in (
        (date(2032, 2, 29), at(zone, 2032, 2, 29, 0, 0, 1), True),
        (date(2032, 2, 29), at(zone, 2032, 2, 28, 23, 59, 59), False),
        (date(2032, 2, 28), at(zone, 2032, 2, 29, 0, 0, 1), True),
        (date(2032, 2, 27), at(zone, 2032, 2, 29, 0, 0, 1), False),
        (date(2032, 3, 1), at(zone, 2032, 2, 29, 23, 59, 59), False),
        (date(2032, 3, 1), at(zone, 2032, 3, 1), True),
    ):
        assert records_have_ended(cleared, ended_on=ended_on, zone=zone, now=now) is ended, (ended_on, now)


async def later(node: AuditNode, clock: StandingClock, instant: datetime, zone: ZoneInfo) -> None:
    """The log goes on at an instant, of an agency that is in `zone`."""
    clock.instant = instant
    await give_organisations(node, zone.key)
    await node.append(event("request", student=uuid4()))


@pytest.mark.anyio
async def test_in_american_samoa_nothing_goes_on_the_last_evening_of_a_period_and_all_of_it_on_the_next_day(
    store_url: str, node_keys: Path
) -> None:
    clock, student = StandingClock(THEN), uuid4()
    async with running(store_url, node_keys, clock) as node:
        await node.append(event("match", student=student))
        await later(node, clock, at(PAGO, 2027, 6, 30, 20), PAGO)  # by UTC 1 July: a year after the school year
        clearance, today = str(await clear(node, student)), date(2027, 6, 30).isoformat()
        named = {"student_id": str(student), "clearance_id": clearance, "records_ended_on": today, "school_years": [2026]}
        refused = await ask(node, **named)
        assert (refused.status, json.loads(refused.body)["detail"]) == (409, "retention-class")
        clock.instant = at(PAGO, 2027, 7, 1)
        assert (await ask(node, **named)).status == 201


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("zone", "second"),
    [
        (PAGO, at(PAGO, 2033, 12, 31, 23, 59, 59)),
        (GUAM, at(GUAM, 2034, 1, 1)),
        # A day with 23 hours and one with 25: what nobody can undo waits for 24 of them.
        (NEW_YORK, at(NEW_YORK, 2034, 3, 11, 12)),
        (NEW_YORK, at(NEW_YORK, 2034, 11, 4, 12)),
    ],
    ids=["american-samoa-at-new-year", "guam-at-new-year", "clocks-go-forward", "clocks-go-back"],
)
async def test_what_two_approved_at_any_midnight_waits_for_24_hours_and_a_hold_of_the_last_second_keeps_it(
    store_url: str, node_keys: Path, zone: ZoneInfo, second: datetime
) -> None:
    clock, student = StandingClock(THEN), uuid4()
    async with running(store_url, node_keys, clock) as node:
        await node.append(event("match", student=student))
        await later(node, clock, second, zone)
        today = second.astimezone(zone).date().isoformat()
        destruction = await approved(node, student, records_ended_on=today)
        assert destruction.not_before == second + timedelta(hours=24)
        clock.instant = second + timedelta(hours=24) - timedelta(seconds=1)
        placed = await hold(node, student_id=str(student))
        clock.instant = second
        assert (await carried_out(node, destruction, clock)).state == "kept"
        await lift(node, placed)
        clock.instant += timedelta(days=1)
        again = await approved(node, student, records_ended_on=clock.instant.astimezone(zone).date().isoformat())
        assert (await read(node, again.id)).state == "approved"
        assert (await carried_out(node, again, clock)).state == "destroyed"
        assert [one["class"] for one in (await found(node, student_id=str(student)))["entries"] if one["class"] == "match"] == []
