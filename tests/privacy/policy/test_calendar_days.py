"""Days begin at the first instant of the local day; 18 years are full on the birthday, for leap-day children on 1 March."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.privacy.policy.calendar_days import Place, first_instant, reaches_majority_on, zone_of
from services.privacy.policy.time_values import instant_of

ZONES = [
    "America/New_York",
    "America/Phoenix",
    "America/Havana",
    "Pacific/Apia",
    "Pacific/Honolulu",
    "America/St_Johns",
    "UTC",
    "Asia/Gaza",
]


@pytest.mark.parametrize(
    ("born", "majority"),
    [
        (date(2008, 10, 20), date(2026, 10, 20)),
        (date(2008, 2, 29), date(2026, 3, 1)),
        (date(2008, 2, 28), date(2026, 2, 28)),
        (date(2008, 3, 1), date(2026, 3, 1)),
        (date(1999, 12, 31), date(2017, 12, 31)),
    ],
)
def test_eighteen_years_are_full_on_the_birthday(born: date, majority: date) -> None:
    assert reaches_majority_on(born) == majority


@pytest.mark.parametrize(
    ("day", "zone", "instant"),
    [
        (date(2026, 7, 1), "America/New_York", datetime(2026, 7, 1, 4, 0, tzinfo=UTC)),
        (date(2026, 12, 1), "America/New_York", datetime(2026, 12, 1, 5, 0, tzinfo=UTC)),
        (date(2026, 3, 8), "America/New_York", datetime(2026, 3, 8, 5, 0, tzinfo=UTC)),
        (date(2026, 11, 1), "America/New_York", datetime(2026, 11, 1, 4, 0, tzinfo=UTC)),
        (date(2026, 7, 1), "America/Phoenix", datetime(2026, 7, 1, 7, 0, tzinfo=UTC)),
        (date(2024, 3, 10), "America/Havana", datetime(2024, 3, 10, 5, 0, tzinfo=UTC)),
        (date(2024, 11, 3), "America/Havana", datetime(2024, 11, 3, 4, 0, tzinfo=UTC)),
    ],
)
def test_a_day_begins_where_it_is(day: date, zone: str, instant: datetime) -> None:
    assert instant_of(first_instant(day, zone_of(zone))) == instant


@settings(max_examples=150, deadline=None)
@given(st.dates(date(1990, 1, 1), date(2040, 12, 31)), st.sampled_from(ZONES))
def test_the_first_instant_is_in_its_day_and_the_one_before_is_not(day: date, zone: str) -> None:
    beginning = instant_of(first_instant(day, zone_of(zone)))
    local = beginning.astimezone(zone_of(zone)).date()
    if local != day:
        assert (zone, day) == ("Pacific/Apia", date(2011, 12, 30)), "the one day that Samoa left out"
        return
    assert (beginning - timedelta(milliseconds=1)).astimezone(zone_of(zone)).date() < day


@pytest.mark.parametrize("name", ["Mars/Base", "", "../etc/passwd", "/etc/localtime", "America", "\0"])
def test_a_zone_that_does_not_exist_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="no such time zone"):
        zone_of(name)


def test_today_is_where_the_student_is() -> None:
    now = datetime(2026, 10, 20, 3, 30, tzinfo=UTC)
    assert Place.at("America/New_York", now).today == date(2026, 10, 19)
    assert Place.at("Pacific/Auckland", now).today == date(2026, 10, 20)
