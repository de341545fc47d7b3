"""A term ends with its last day in the place's own calendar, at leap days and when clocks change too."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.privacy.clocks import CalendarDays, SameDay, WorkingDays, Yearly, overdue_from, state_of, warned_from

NEW_YORK = "America/New_York"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ZONES = ("America/New_York", "America/Phoenix", "Pacific/Honolulu", "America/St_Johns", "Pacific/Guam", "America/Havana", "UTC")
INSTANTS = st.integers(min_value=946_684_800_000, max_value=4_070_908_800_000).map(lambda ms: EPOCH + timedelta(milliseconds=ms))
"""From 2000 to 2099."""


def local(text: str, zone: str = NEW_YORK) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


@pytest.mark.parametrize(
    ("received", "last_day"),
    [
        ("2026-03-01T09:00", date(2026, 4, 15)),
        ("2026-01-31T23:59", date(2026, 3, 17)),
        ("2028-01-31T00:00", date(2028, 3, 16)),  # over 29 February
        ("2028-02-29T12:00", date(2028, 4, 14)),
        ("2026-12-31T12:00", date(2027, 2, 14)),
        ("2026-10-01T12:00", date(2026, 11, 15)),  # over the night in which clocks go back
    ],
)
@pytest.mark.requirement("FERPA-99.10")
def test_within_45_days_is_until_the_end_of_the_45th_day_after(received: str, last_day: date) -> None:
    overdue = overdue_from(CalendarDays(45), local(received), zone_name=NEW_YORK)
    assert overdue.astimezone(ZoneInfo(NEW_YORK)) == local((last_day + timedelta(days=1)).isoformat() + "T00:00")
    in_time = overdue - timedelta(milliseconds=1)
    assert in_time.astimezone(ZoneInfo(NEW_YORK)).date() == last_day


@pytest.mark.parametrize(("days", "last_day"), [(10, date(2026, 11, 3)), (4, date(2026, 10, 26)), (1, date(2026, 10, 21))])
def test_working_days_leave_out_weekends(days: int, last_day: date) -> None:
    assert WorkingDays(days).last_day(date(2026, 10, 20)) == last_day


def test_what_begins_on_a_friday_evening_has_its_first_working_day_on_monday() -> None:
    assert WorkingDays(1).last_day(date(2026, 10, 23)) == WorkingDays(1).last_day(date(2026, 10, 25)) == date(2026, 10, 26)


@pytest.mark.parametrize(("given_on", "last_day"), [(date(2026, 8, 20), date(2027, 8, 20)), (date(2028, 2, 29), date(2029, 2, 28))])
def test_a_year_later_is_the_same_day_and_never_skips_a_year(given_on: date, last_day: date) -> None:
    assert Yearly().last_day(given_on) == last_day


def test_at_once_is_until_the_day_is_over_where_the_agency_is() -> None:
    noon_in_honolulu = local("2026-10-20T12:00", "Pacific/Honolulu")
    assert overdue_from(SameDay(), noon_in_honolulu, zone_name="Pacific/Honolulu") == local("2026-10-21T00:00", "Pacific/Honolulu")
    assert overdue_from(SameDay(), noon_in_honolulu, zone_name="Pacific/Guam") == local("2026-10-22T00:00", "Pacific/Guam")


def test_the_same_instant_has_another_last_day_further_west() -> None:
    at = datetime(2026, 10, 20, 3, 0, tzinfo=UTC)  # still the 19th in New York
    assert overdue_from(CalendarDays(10), at, zone_name=NEW_YORK) == local("2026-10-30T00:00")
    assert overdue_from(CalendarDays(10), at, zone_name="UTC") == datetime(2026, 10, 31, tzinfo=UTC)


def test_a_zone_that_does_not_exist_has_no_days() -> None:
    with pytest.raises(ValueError, match="no such time zone"):
        overdue_from(SameDay(), datetime(2026, 10, 20, tzinfo=UTC), zone_name="Alder/Oak")


@given(INSTANTS, st.integers(min_value=0, max_value=400), st.sampled_from(ZONES))
def test_a_term_of_days_ends_that_many_days_after_the_day_it_begins_whatever_clocks_do(at: datetime, days: int, zone: str) -> None:
    overdue = overdue_from(CalendarDays(days), at, zone_name=zone)
    place = ZoneInfo(zone)
    last = (overdue - timedelta(milliseconds=1)).astimezone(place).date()
    assert last - at.astimezone(place).date() == timedelta(days=days)
    assert overdue.astimezone(place).date() == last + timedelta(days=1)
    assert overdue > at


@given(INSTANTS, st.integers(min_value=1, max_value=45), st.integers(min_value=1, max_value=90), st.sampled_from(ZONES))
def test_the_last_days_of_a_term_are_so_many_whole_days(at: datetime, days: int, warn: int, zone: str) -> None:
    overdue = overdue_from(CalendarDays(days), at, zone_name=zone)
    due_from, place = warned_from(overdue, days=warn, zone_name=zone), ZoneInfo(zone)
    assert overdue.astimezone(place).date() - due_from.astimezone(place).date() == timedelta(days=warn)


@given(INSTANTS, st.integers(min_value=0, max_value=60), st.sampled_from(ZONES))
def test_working_days_are_never_fewer_than_days(at: datetime, days: int, zone: str) -> None:
    assert overdue_from(WorkingDays(days), at, zone_name=zone) >= overdue_from(CalendarDays(days), at, zone_name=zone)


def test_both_sides_of_each_boundary_have_their_state() -> None:
    begins_at = local("2026-10-20T08:00")
    overdue = overdue_from(CalendarDays(30), begins_at, zone_name=NEW_YORK)
    due_from, tick = warned_from(overdue, days=10, zone_name=NEW_YORK), timedelta(milliseconds=1)

    def state(now: datetime, done_at: datetime | None = None) -> str:
        return state_of(due_from=due_from, overdue_at=overdue, done_at=done_at, now=now)

    assert [state(begins_at), state(due_from - tick), state(due_from), state(overdue - tick), state(overdue)] == [
        "open",
        "open",
        "due",
        "due",
        "overdue",
    ]
    assert state(overdue + tick, done_at=overdue) == "done"
