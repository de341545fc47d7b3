"""The first day of an organisation that is added today: it is there at once, where it is and by UTC, by which the door counts days."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from shared.clock import system_clock


def today_in(time_zone: str) -> date:
    """As `first_day`, from now on."""
    return first_day(system_clock(), time_zone)


def first_day(now: datetime, time_zone: str) -> date:
    """The calendar day in an IANA time zone or by UTC, whichever is the earlier one: what is added is there from now on for everybody.

    A district that is added in the evening in Hawaii is not there from tomorrow on, and one that is added in the morning in Guam is let in
    by the door in the morning.
    """
    return min(now.date(), now.astimezone(ZoneInfo(time_zone)).date())
