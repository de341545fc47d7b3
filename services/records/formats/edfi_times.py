"""Hours as minutes, days as school years, terms in their order. Pure."""

from datetime import date
from decimal import Decimal
from typing import Final

_ENDS: Final = {
    "first quarter": 3,
    "first trimester": 4,
    "second quarter": 6,
    "fall semester": 6,
    "second trimester": 8,
    "third quarter": 9,
    "fourth quarter": 12,
    "third trimester": 12,
    "spring semester": 12,
    "year round": 12,
    "summer semester": 15,
}
"""When a term of the standard's list is over, in twelfths of a school year. Its `MiniTerm` and `Other` say nothing of when."""


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


def order_of_term(descriptor: str | None) -> tuple[int, str]:
    """What is greater for a term that ends later in the same year. Of words that are not the standard's, `S1` is before `S2`."""
    word = (descriptor or "").strip().rpartition("#")[2].casefold()
    return _ENDS.get(word, 0), word
