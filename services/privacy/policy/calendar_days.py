"""Dates of the law in a place's own calendar: they begin at the first instant of the local day, daylight saving time or not."""

from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from services.privacy.policy.time_values import milliseconds_of

MAJORITY_YEARS = 18
"""34 CFR 99.3 "Eligible student"."""


def zone_of(name: str) -> ZoneInfo:
    """The IANA time zone. Raises ValueError if there is none of this name."""
    try:
        return ZoneInfo(name)
    except (LookupError, OSError, ValueError) as error:
        raise ValueError("no such time zone") from error


def day_in(at: datetime, zone: ZoneInfo) -> date:
    """The day that it is in a zone; the calendar's first or last one where there is no other: "for ever" is written 9999-12-31."""
    try:
        return at.astimezone(zone).date()
    except OverflowError:
        return date.min if at.year == date.min.year else date.max


def first_instant(day: date, zone: ZoneInfo) -> int:
    """Milliseconds since the epoch of the first instant of `day` in `zone`.

    Where clocks skip midnight that is the instant of the skip; where midnight comes twice, the first of the two.
    """
    return milliseconds_of(datetime.combine(day, time.min, tzinfo=zone))


def reaches(birth_date: date, years: int) -> date:
    """The day on which a person has lived so many years; who was born on 29 February, in a year without one, on 1 March."""
    try:
        return birth_date.replace(year=birth_date.year + years)
    except ValueError:
        return date(birth_date.year + years, 3, 1)


def reaches_majority_on(birth_date: date) -> date:
    """The day on which the student has reached 18 years. Who was born on 29 February has on 1 March: the year is never a leap year."""
    return reaches(birth_date, MAJORITY_YEARS)


@dataclass(frozen=True)
class Place:
    """A place's calendar at the instant of a decision."""

    zone: ZoneInfo
    today: date

    @staticmethod
    def at(zone_name: str, now: datetime) -> "Place":
        """Raises ValueError if there is no such time zone."""
        zone = zone_of(zone_name)
        return Place(zone, now.astimezone(zone).date())

    def begins(self, day: date) -> int:
        """The first instant of `day` here."""
        return first_instant(day, self.zone)
