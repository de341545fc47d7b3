"""Two states that count the same child, where one of them should not. The truth says so (truth.Claim), no record does.

The state that the child left did not hear of it, and has it enrolled still. Of such a pair the record of the state that was left has an
enrolment that has not ended; the other state's began later, or on the same day where the family moved in the summer and the old school
counted the child again. What comes after does not matter: that a child left for good changes nothing in the state that it had left before.

Or a district of a state in which the child never was has it on its rolls, for the money that goes by heads: enrolled since the first day of
the school year, at an address in the district, with sections, and with nothing that only a child could have brought: no marks, no
attendance, no tests.
"""

from dataclasses import replace
from random import Random

from node.synthetic.calendar import SchoolCalendar, first_day
from node.synthetic.details.things import Draws
from node.synthetic.lives import Life, Schools
from node.synthetic.people import Document
from node.synthetic.rates import Rates
from node.synthetic.schooling import Stay, enrollment, level_of, sections_in_progress
from node.synthetic.states import StatePlan

FEIGNED = ("identity", "demographics", "contacts", "enrollment")
"""Sections of a record of a child who never was there: what a form can say."""


def still_claimed(lived: Life, draws: Draws, rates: Rates, calendar: SchoolCalendar) -> Stay | None:
    """The stay that the state does not know to have ended; None mostly. Concerns who moved to the other state in this school year or in the
    summer before it, and was in school there.
    """
    falls = draws.falls(rates.still_claimed)
    present = lived.sojourns[-1]
    left = next((one.stay for one in reversed(lived.sojourns) if one.home != present.home), None)
    if not falls or left is None:
        return None
    # Neither has graduated since: who moved in this year is in school still, and of the year before those of grade 12 are left out.
    moved_this_year = left.year == calendar.year
    counted_again = left.year == calendar.year - 1 and left.grade < 12 and level_of(left.grade + 1) == left.school.level
    return left if moved_this_year or counted_again else None


def keep_enrolled(document: Document, left: Stay, calendar: SchoolCalendar, state: StatePlan, random: Random) -> None:
    """Change the record of the state that was left: enrolled, with sections. Touches `enrollment.enrollments` and
    `academics.current_courses` alone.

    random  draws of its own: nothing else of the record moves
    """
    never_left = replace(left, exit_date=None)
    counted_again = left.year < calendar.year
    if counted_again:
        year, grade = calendar.year, left.grade + 1
        never_left = Stay(year, grade, left.school, left.district, first_day(year))
    [row] = enrollment([never_left], left.district, state)["enrollments"]
    stays = document["enrollment"]["enrollments"]
    stays[: 0 if counted_again else 1] = [row]
    sections = sections_in_progress(never_left, calendar, random, state)
    if counted_again:
        # The child never came: there is nothing to mark.
        sections = [{name: value for name, value in one.items() if name not in ("mark", "percentage")} for one in sections]
    document["academics"]["current_courses"] = sections


def feigned(lived: Life, draws: Draws, rates: Rates, calendar: SchoolCalendar, elsewhere: Schools) -> Stay | None:
    """The stay in the other state that never was; None mostly. Concerns who is in school, and never was in that state.

    elsewhere  the schools of that state
    draws      of their own: nothing else moves
    """
    falls, random = draws.falls(rates.never_there), Random(draws.below(1 << 32))
    present = lived.sojourns[-1].stay if lived.sojourns else None
    if not falls or present is None or present.exit_date is not None or any(not one.home for one in lived.sojourns):
        return None
    district = elsewhere.some_district(present.grade, random)
    school = elsewhere.school_in(district, present.grade, random)
    return None if school is None else Stay(calendar.year, present.grade, school, district, first_day(calendar.year))


def never_came(document: Document) -> Document:
    """Of a record that was made whole for a stay that never was: what a form can say, and sections without marks."""
    kept = {name: document[name] for name in FEIGNED if name in document}
    kept["enrollment"] = {"enrollments": [one for one in document["enrollment"]["enrollments"] if one.get("primary", True)]}
    sections = document.get("academics", {}).get("current_courses", ())
    unmarked = [{name: value for name, value in one.items() if name not in ("mark", "percentage", "as_of")} for one in sections]
    return kept | {"academics": {"current_courses": unmarked}}
