"""Who leaves school for good in the middle of a year: to another kind of schooling or abroad, or without a diploma."""

from dataclasses import replace
from datetime import timedelta

from node.synthetic.calendar import SchoolCalendar
from node.synthetic.details.things import Draws
from node.synthetic.lives import Life, Sojourn
from node.synthetic.rates import Rates
from node.synthetic.schooling import Stay

ELSEWHERE = ("01918", "01918", "01912", "01916", "01916")
"""CEDS Exit or Withdrawal Type: home schooling, a private school of another state, abroad."""
DISCONTINUED = "01927"
DROPS_OUT_FROM = 9
"""The grade."""
A_YEAR, SHORTEST = 270, 40
"""Days."""


def left_for_good(lived: Life, draws: Draws, rates: Rates, calendar: SchoolCalendar) -> Life:
    """The life as far as the child stays, the exit in the middle of a stay; most stay to the end.

    INVARIANT: each record that the life made is still made, so that no other record of a state gets another number: nobody leaves before
    the first stay of the last record.
    """
    for place, one in enumerate(lived.sojourns):
        leaves = rates.leaving * _share_of_year(one.stay, calendar)
        drops_out = 0.0 if one.stay.grade < DROPS_OUT_FROM else rates.dropping_out * _share_of_year(one.stay, calendar)
        goes, discontinues = draws.falls(leaves), draws.falls(drops_out)
        days, code = draws.below(A_YEAR), draws.one_of(ELSEWHERE)
        if (goes or discontinues) and _days(one.stay, calendar) >= SHORTEST and _in_last_record(lived, place):
            after = 21 + days % (_days(one.stay, calendar) - SHORTEST // 2 - 10)
            ended = replace(
                one.stay, exit_date=one.stay.entry_date + timedelta(days=after), exit_code=DISCONTINUED if discontinues else code
            )
            return Life((*lived.sojourns[:place], Sojourn(one.home, ended)), lived.anew_from)
    return lived


def _days(stay: Stay, calendar: SchoolCalendar) -> int:
    return ((stay.exit_date or calendar.as_of) - stay.entry_date).days


def _share_of_year(stay: Stay, calendar: SchoolCalendar) -> float:
    return min(_days(stay, calendar), A_YEAR) / A_YEAR


def _in_last_record(lived: Life, place: int) -> bool:
    """Whether what comes after the stay is all of the same record."""
    later = lived.sojourns[place + 1 :]
    begun_anew = lived.anew_from is not None and place < lived.anew_from
    return not begun_anew and all(one.home == lived.sojourns[place].home for one in later)
