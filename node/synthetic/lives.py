"""Where a child went to school in four years: the next grade, the next level, moves in the summer and in the middle of a year, and back."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random

from node.synthetic.calendar import SchoolCalendar, first_day, last_day
from node.synthetic.rates import Rates
from node.synthetic.schooling import YEARS, Stay, level_of
from node.synthetic.states import StatePlan, SyntheticOrganisation

GRADES = YEARS + 12
"""Grades of a population: who is in grade 13 on the day left school the summer before, and has a record all the same."""


@dataclass(frozen=True)
class Schools:
    """The districts of a state, the largest first, and the schools of each."""

    state: StatePlan
    districts: tuple[SyntheticOrganisation, ...]
    of_district: Mapping[str, list[SyntheticOrganisation]]

    def having(self, grade: int) -> list[SyntheticOrganisation]:
        """The districts that have the grade."""
        level = level_of(grade)
        return [one for one in self.districts if any(school.level == level for school in self.of_district[one.key])]

    def some_district(self, grade: int, random: Random) -> SyntheticOrganisation:
        """One of them; the largest more often."""
        having = self.having(grade)
        return random.choices(having, weights=[6, *([1] * (len(having) - 1))])[0]

    def school_in(
        self, district: SyntheticOrganisation, grade: int, random: Random, *, but: SyntheticOrganisation | None = None
    ) -> SyntheticOrganisation | None:
        """One of the district's for the grade, another than `but` where there is one; None: it has none."""
        level = level_of(grade)
        those = [one for one in self.of_district[district.key] if one.level == level]
        others = [one for one in those if one != but] or those
        return random.choice(others) if others else None


@dataclass(frozen=True)
class Sojourn:
    """A stay, and the state of its school."""

    home: bool
    """In the state in which the child is first."""
    stay: Stay


class _Traveller:
    """One child (or two twins, who move together) on the way through the years."""

    def __init__(self, home: Schools, other: Schools, random: Random, rates: Rates) -> None:
        self.home, self.other, self.random, self.rates = home, other, random, rates
        self.here, self.district, self.school = home, home.districts[0], home.of_district[home.districts[0].key][0]
        self.left_from: tuple[Schools, SyntheticOrganisation] | None = None
        self.entry_code = "74001"
        self.registered_anew = False

    def settle(self, grade: int) -> None:
        """The first school."""
        self.district = self.here.some_district(grade, self.random)
        self._enter(grade)

    def may_move(self, grade: int, share: float) -> str | None:
        """Move to another school, district or state with `share` of a year's chance. Gives the exit code of the stay that ends."""
        rates, random = self.rates, self.random
        if self.left_from is not None and random.random() < rates.returning * share:
            (self.here, self.district), crosses = self.left_from, self.left_from[0] is not self.here
            self.left_from = None
            return self._arrived(grade, "01823" if crosses else "01822", "01909" if crosses else "01908")
        drawn = random.random()
        if drawn < rates.interstate * share:
            self.left_from = (self.here, self.district)
            self.here = self.other if self.here is self.home else self.home
            self.district = self.here.some_district(grade, random)
            return self._arrived(grade, "01823", "01909")
        drawn -= rates.interstate * share
        if drawn < rates.between_districts * share:
            others = [one for one in self.here.having(grade) if one != self.district]
            self.left_from, self.district = (self.here, self.district), random.choice(others)
            self.registered_anew = random.random() < rates.registered_anew
            return self._arrived(grade, "01822", "01908")
        if drawn < (rates.between_districts + rates.within_district) * share:
            before, self.entry_code = self.school, "01821"
            self._enter(grade, but=before)
            return "01907" if self.school != before else None
        return None

    def next_year(self, grade: int) -> str:
        """Go on in the next school year, after the summer. Gives the exit code of the year that ended."""
        moved = self.may_move(grade, 1 - self.rates.mid_year)
        if moved is not None:
            return moved
        self.entry_code = "74001"
        if self.school.level == level_of(grade):
            return "73062"
        self.entry_code = "74000"
        if self.here.school_in(self.district, grade, self.random) is None:
            self.district = self.here.some_district(grade, self.random)
            self.entry_code = "01822"
        self._enter(grade)
        return "73066" if self.entry_code == "74000" else "01908"

    def _arrived(self, grade: int, entry_code: str, exit_code: str) -> str:
        if self.here.school_in(self.district, grade, self.random) is None:
            self.district = self.here.some_district(grade, self.random)
        self.entry_code = entry_code
        self._enter(grade)
        return exit_code

    def _enter(self, grade: int, *, but: SyntheticOrganisation | None = None) -> None:
        found = self.here.school_in(self.district, grade, self.random, but=but)
        if found is None:
            raise ValueError("a district without the level was chosen")
        self.school = found

    def stay(self, year: int, grade: int, begin: date, end: date | None) -> Sojourn:
        """At the present place."""
        return Sojourn(self.here is self.home, Stay(year, grade, self.school, self.district, begin, end, self.entry_code))


@dataclass(frozen=True)
class Life:
    """Four school years, the first stay first. `anew_from`: the stay with which a district registered the child anew, None mostly."""

    sojourns: tuple[Sojourn, ...]
    anew_from: int | None


def grades(present: int, *, repeated: int | None) -> list[tuple[int, int]]:
    """How many school years ago, and the grade then, of the years that the child was in school, the first one first.

    repeated  the year (so many ago) in which the grade before was repeated
    """
    found = [(back, present - back + (1 if repeated is not None and back > repeated else 0)) for back in range(YEARS - 1, -1, -1)]
    return [(back, grade) for back, grade in found if 0 <= grade <= 12]


def life(
    home: Schools, other: Schools, calendar: SchoolCalendar, random: Random, rates: Rates, *, grade: int, repeated: int | None = None
) -> Life:
    """A life, for a child in `grade` (or who would be) on the day of the calendar; `other` is the state to which families move."""
    traveller = _Traveller(home, other, random, rates)
    made: list[Sojourn] = []
    anew_from: int | None = None
    for back, now_in in grades(grade, repeated=repeated):
        year = calendar.year - back
        if made:
            made[-1] = _left(made[-1], traveller.next_year(now_in))
        else:
            traveller.settle(now_in)
        if traveller.registered_anew and anew_from is None and made:
            anew_from = len(made)
        traveller.registered_anew = False
        begin, ends = first_day(year), last_day(year)
        middle = begin + timedelta(days=random.randrange(21, 270))
        if middle < min(ends, calendar.as_of):
            place = traveller.stay(year, now_in, begin, middle - timedelta(days=1))
            code = traveller.may_move(now_in, rates.mid_year)
            if code is not None:
                made.append(_left(place, code))
                begin = middle
                if traveller.registered_anew and anew_from is None:
                    anew_from = len(made)
                traveller.registered_anew = False
        made.append(traveller.stay(year, now_in, begin, ends if year < calendar.year else None))
    if made and made[-1].stay.exit_date is not None:
        made[-1] = _left(made[-1], "01921")
    return Life(tuple(made), anew_from)


def _left(one: Sojourn, exit_code: str) -> Sojourn:
    return replace(one, stay=replace(one.stay, exit_code=exit_code))
