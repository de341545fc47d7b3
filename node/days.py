"""What day it is where an agency is: a district that is added in the evening is not there from tomorrow on."""

from datetime import date
from zoneinfo import ZoneInfo

from shared.clock import system_clock


def today_in(time_zone: str) -> date:
    """The calendar day in an IANA time zone."""
    return system_clock().astimezone(ZoneInfo(time_zone)).date()
