"""Who holds a student's rights at an instant: either parent, until a binding document ends them or the student comes of age.

The one implementation: recording a consent and deciding on it cannot differ.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Literal
from uuid import UUID

from services.privacy.policy.calendar_days import Place, reaches_majority_on
from shared.contracts.privacy import SubjectFacts


def is_eligible(student: SubjectFacts, place: Place) -> bool:
    """The student has reached 18 in `place`, or attends a postsecondary institution (34 CFR 99.3 "Eligible student").

    Of a student who attends one beside the secondary school whose record it is, the parents keep the rights until 18: so says guidance of
    the Department that is not at hand; the text of 99.3 and 99.5 does not tell the two apart. Local policy, as the flag is the agency's.
    """
    dually_enrolled = "dual-enrollment" in student.flags and _lasts(student.secondary_until, place)
    return (attends_postsecondary(student, place) and not dually_enrolled) or reaches_majority_on(student.birth_date) <= place.today


def attends_postsecondary(student: SubjectFacts, place: Place) -> bool:
    """To the last day that is on record, that day too."""
    return student.attends_postsecondary and _lasts(student.postsecondary_until, place)


def attendance_changes_on(student: SubjectFacts) -> list[date]:
    """The days after which the student attends a college, or a school beside it, no more: who holds the rights may change with them."""
    return [day + timedelta(days=1) for day in (student.postsecondary_until, student.secondary_until) if day is not None]


def parents_change_on(student: SubjectFacts) -> list[date]:
    """The days on which a parent's rights begin or end, or pass to the student."""
    days = [day for holder in student.rights_holders for day in (holder.from_, holder.ended_on) if day is not None]
    return [*days, reaches_majority_on(student.birth_date)]


def _lasts(until: date | None, place: Place) -> bool:
    return until is None or place.today <= until


def parental_rights(student: SubjectFacts, person_id: UUID, place: Place) -> tuple[bool, date | None]:
    """Does `person_id` hold, or did it hold, a parent's rights; and the day on which a binding document ends them, if one does.

    Either parent has full rights, unless a document specifically revokes them (99.4). Who has several entries - rights that ended
    and were given back - has those of the entry that lasts longest.
    """
    begun = [holder for holder in student.rights_holders if holder.person_id == person_id and holder.from_ <= place.today]
    ends = [holder.ended_on for holder in begun if holder.ended_on is not None]
    return bool(begun), max(ends) if begun and len(ends) == len(begun) else None


def rights_role(student: SubjectFacts, person_id: UUID, *, now: datetime) -> Literal["parent", "student"] | None:
    """In which role `person_id` holds the rights at `now`; None if in none.

    None: no rights holder of this student, rights that ended (99.4), a parent's rights that passed to the student (99.5(a)(1)), or a
    student's before they did. Raises ValueError if the student's time zone does not exist.
    """
    place = Place.at(student.time_zone, now)
    if person_id == student.student_id:
        return "student" if is_eligible(student, place) else None
    return "parent" if person_id in parents_with_rights(student, place) else None


def parents_with_rights(student: SubjectFacts, place: Place) -> frozenset[UUID]:
    """The parents who hold the rights on the day of `place`; none once they have passed to the student."""
    if is_eligible(student, place):
        return frozenset()
    known = {holder.person_id: parental_rights(student, holder.person_id, place) for holder in student.rights_holders}
    return frozenset(one for one, (holds, ends_on) in known.items() if holds and (ends_on is None or place.today < ends_on))


def who_hold_rights(student: SubjectFacts, *, now: datetime) -> Mapping[UUID, Literal["parent", "student"]]:
    """Everybody who holds the rights at `now`, in the order of the record. Raises as `rights_role`."""
    known = dict.fromkeys([*(holder.person_id for holder in student.rights_holders), student.student_id])
    return {person_id: role for person_id in known if (role := rights_role(student, person_id, now=now)) is not None}
