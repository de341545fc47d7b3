"""The first day of an organisation that is added today: it is there at once, where it is and where its state agency is."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from shared.clock import system_clock


def today_in(*time_zones: str) -> date:
    """As `first_day`, from now on."""
    return first_day(system_clock(), *time_zones)


def first_day(now: datetime, *time_zones: str) -> date:
    """The calendar day in IANA time zones or by UTC, whichever is the earliest one: what is added is there from now on for everybody.

    A vendor in New York that an agency in American Samoa adds in its evening is let in by the door at once, whose days are the agency's.
    UTC is the calendar of a node that knows of no agency yet.
    """
    return min(now.date(), *(now.astimezone(ZoneInfo(one)).date() for one in time_zones))
