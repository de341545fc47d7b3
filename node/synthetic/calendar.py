"""School years, seen from one day."""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache


@dataclass(frozen=True)
class SchoolCalendar:
    """The school year that `as_of` lies in; it begins on 24 August and ends on 5 June. In the summer it is the one that has ended."""

    as_of: date

    @property
    def year(self) -> int:
        """The year in which the present school year ends."""
        return self.as_of.year + 1 if self.as_of >= date(self.as_of.year, 8, 24) else self.as_of.year

    @property
    def begins(self) -> date:
        """The first day of the present school year."""
        return first_day(self.year)

    def days_so_far(self) -> int:
        """School days of the present school year until `as_of`."""
        return weekdays(self.begins, min(self.as_of, last_day(self.year)))


def first_day(year: int) -> date:
    """Of the school year that ends in `year`."""
    return date(year - 1, 8, 24)


def last_day(year: int) -> date:
    """Of the school year that ends in `year`."""
    return date(year, 6, 5)


@lru_cache(maxsize=64)
def weekdays(begin: date, end: date) -> int:
    """Mondays to Fridays from `begin` to `end`, both counted."""
    days = (end - begin).days + 1
    return sum(1 for day in range(days) if (begin + timedelta(days=day)).weekday() < 5)
