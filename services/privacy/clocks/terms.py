"""Terms of the law: from which instant on something is overdue. Counted in a place's own calendar days, daylight saving time or not. Pure.

The day on which a term begins does not count, its last day counts in full: what is received on 1 March within 45 days is due on 15 April,
and overdue from the first instant of 16 April.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from services.privacy.policy.calendar_days import day_in, first_instant, zone_of
from services.privacy.policy.time_values import instant_of, milliseconds_of

ONE_DAY, ONE_MILLISECOND = timedelta(days=1), timedelta(milliseconds=1)
FIRST, LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC, microsecond=999_000)
"""The instants that there are, in milliseconds."""
SATURDAY = 5


@dataclass(frozen=True)
class CalendarDays:
    """So many days of the calendar, weekends and holidays included."""

    days: int

    def last_day(self, begins_on: date) -> date:
        """The last day on which it is in time."""
        return begins_on + timedelta(days=self.days)

    def __str__(self) -> str:
        return f"{self.days} days"


@dataclass(frozen=True)
class Hours:
    """So many hours from the instant on, whatever the calendar says."""

    hours: int

    def __str__(self) -> str:
        return f"{self.hours} hours"


@dataclass(frozen=True)
class WorkingDays:
    """So many days from Monday to Friday. No holiday is taken out: what counts them can only be due later."""

    days: int

    def last_day(self, begins_on: date) -> date:
        """The last day on which it is in time."""
        day, left = begins_on, self.days
        while left:
            day += ONE_DAY
            left -= day.weekday() < SATURDAY
        return day

    def __str__(self) -> str:
        return f"{self.days} working days"


@dataclass(frozen=True)
class SameDay:
    """At once: overdue when the day is over."""

    def last_day(self, begins_on: date) -> date:
        """The last day on which it is in time."""
        return begins_on

    def __str__(self) -> str:
        return "the same day"


@dataclass(frozen=True)
class Yearly:
    """The same day of the next year; 28 February after a 29th, so that no year goes by without."""

    def last_day(self, begins_on: date) -> date:
        """The last day on which it is in time."""
        if (begins_on.month, begins_on.day) == (2, 29):
            return date(begins_on.year + 1, 2, 28)
        return begins_on.replace(year=begins_on.year + 1)

    def __str__(self) -> str:
        return "a year"


@dataclass(frozen=True)
class Until:
    """An end that a fact gives: an agreement's last day, a meeting."""

    what: str

    def __str__(self) -> str:
        return f"until {self.what}"


@dataclass(frozen=True)
class Undelayed:
    """A law that names no number: without unreasonable delay, from when it begins. No date is made up for it."""

    def __str__(self) -> str:
        return "without unreasonable delay"


Term = CalendarDays | Hours | WorkingDays | SameDay | Yearly | Until | Undelayed


def overdue_from(term: CalendarDays | Hours | WorkingDays | SameDay | Yearly, begins_at: datetime, *, zone_name: str) -> datetime:
    """The first instant that is too late, in the calendar of the zone. Raises ValueError if there is no such zone."""
    zone = zone_of(zone_name)
    try:
        if isinstance(term, Hours):
            return begins_at + timedelta(hours=term.hours)
        return begins(term.last_day(day_in(begins_at, zone)) + ONE_DAY, zone)
    except (OverflowError, ValueError):  # a year that no calendar of ours has
        return LAST


def warned_from(overdue_at: datetime, *, days: int, zone_name: str) -> datetime:
    """The first instant of the `days` last days of a term that ends at `overdue_at`. Raises ValueError if there is no such zone."""
    zone = zone_of(zone_name)
    last_day = day_in(max(overdue_at, FIRST + ONE_MILLISECOND) - ONE_MILLISECOND, zone)
    return begins(last_day - min(timedelta(days=days - 1), last_day - date.min), zone)


def begins(day: date, zone: ZoneInfo) -> datetime:
    """The first instant of a day; of the calendar's first and last days, where it lies outside of it, the first or last that there is."""
    return instant_of(min(max(first_instant(day, zone), milliseconds_of(FIRST)), milliseconds_of(LAST)))
