"""Hours as minutes, days as school years. Pure."""

from datetime import date
from decimal import Decimal


def minutes_of(hours: str) -> int | None:
    """Hours as whole minutes; None where they are none: the minutes would say another time."""
    try:
        minutes = Decimal(hours) * 60
        return int(minutes) if minutes == int(minutes) else None
    except (ArithmeticError, ValueError):
        return None


def school_year_of(when: date) -> int:
    """The year in which the school year of a day ends, where a source says no other."""
    return when.year + (when.month > 7)
