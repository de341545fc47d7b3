"""For how long the proof that somebody is a dependent for one tax year says that they are one (34 CFR 99.31(a)(8); 26 U.S.C. 152)."""

from datetime import date
from typing import Final

RETURN_DUE_AT_THE_LATEST: Final = (10, 15)
"""Of the year after: 15 April (26 U.S.C. 6072(a)) and six months more for whoever asks (26 CFR 1.6081-4)."""


def first_day(tax_year: int) -> date:
    """Of the year itself: nobody is a dependent for one that has not begun."""
    return date(tax_year, 1, 1)


def first_day_after(tax_year: int) -> date:
    """The day after the next year's return was due: from then on the most recent one says whose dependent they are."""
    month, day = RETURN_DUE_AT_THE_LATEST
    return date(tax_year + 2, month, day + 1)
