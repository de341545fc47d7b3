"""Weeks as alerts have them: Monday to Sunday, by UTC, in days since the Unix epoch. Pure."""

from datetime import UTC, date, datetime, timedelta
from typing import Final

from safepassage.problems.requests import InvalidRequest
from shared.clock import EPOCH

WEEK_DAYS: Final = 7
SETTLES: Final = timedelta(minutes=10)
"""After its end, what was found of a week may still be on its way."""
_MONDAY_OF_EPOCH: Final = -3
"""1 January 1970 was a Thursday."""


def monday_of(week: str) -> int:
    """The first day of `2026-W43`. Raises InvalidRequest for a week that its year does not have."""
    year, _, number = week.partition("-W")
    try:
        first = date.fromisocalendar(int(year), int(number), 1)
    except ValueError:
        raise InvalidRequest("the year has no such week", field="week") from None
    return (first - EPOCH.date()).days


def week_of(day: int) -> str:
    """The week that a day is in."""
    year, number, _ = (EPOCH + timedelta(days=day)).isocalendar()
    return f"{year:04d}-W{number:02d}"


def monday_before(day: int) -> int:
    """The first day of the week that a day is in."""
    return day - (day - _MONDAY_OF_EPOCH) % WEEK_DAYS


def end_of(monday: int) -> datetime:
    """The first instant after the week."""
    return datetime.fromtimestamp((monday + WEEK_DAYS) * 86_400, UTC)


def last_over(now: datetime) -> int:
    """The first day of the last week that is over, and may be signed."""
    return monday_before((now - SETTLES - EPOCH).days) - WEEK_DAYS
