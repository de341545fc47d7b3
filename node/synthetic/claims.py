"""Two states that count the same child: the one that it left did not hear of it, and has the child enrolled still.

The truth says so (truth.Claim), no record does. Of such a pair the record of the state that was left has an enrolment that has not ended;
the other state's began later, or on the same day where the family moved in the summer and the old school counted the child again. What
comes after does not matter: that a child left for good changes nothing in the state that it had left before.
"""

from dataclasses import replace
from random import Random

from node.synthetic.calendar import SchoolCalendar, first_day
from node.synthetic.details.things import Draws
from node.synthetic.lives import Life
from node.synthetic.people import Document
from node.synthetic.rates import Rates
from node.synthetic.schooling import Stay, enrollment, level_of, sections_in_progress
from node.synthetic.states import StatePlan


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
