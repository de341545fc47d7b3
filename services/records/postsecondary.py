"""Whether a student attends a postsecondary institution, alone or beside a secondary school: whose the rights are turns on it. Pure.

34 CFR 99.3 "Eligible student". Systems give an enrolment its end before it has come; until then it lasts, and privacy is told the day.
"""

from collections.abc import Sequence
from datetime import date
from typing import Final, NamedTuple

from safepassage.record import Sections

GRADES: Final = frozenset({"ps", "postsecondary"})


class Attendance(NamedTuple):
    """What a student attends today."""

    postsecondary: bool = False
    postsecondary_until: date | None = None
    """The last day of it, where one is on record."""
    dual: bool = False
    """Enrolled in another grade beside it."""
    secondary_until: date | None = None
    """The last day of that, where one is on record."""


def attendance_of(record: Sections, today: date) -> Attendance:
    """What a record says of it.

    today  where the student's custodian is. An enrolment counts to its last day, also one that has yet to begin.

    Only enrolments whose grades are known count.
    """
    enrolled = (record.enrollment.enrollments or ()) if record.enrollment else ()
    lasting = [one for one in enrolled if one.grade is not None and (one.exit_date is None or today <= one.exit_date)]
    colleges = [one.exit_date for one in lasting if one.grade is not None and one.grade.code.lower() in GRADES]
    others = [one.exit_date for one in lasting if one.grade is not None and one.grade.code.lower() not in GRADES]
    if not colleges:
        return Attendance()
    return Attendance(True, _last(colleges), bool(others), _last(others))


def _last(days: Sequence[date | None]) -> date | None:
    """The last of these days; None where one of them is open, or there is none."""
    return None if None in days else max((day for day in days if day is not None), default=None)
