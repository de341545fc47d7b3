"""Who holds a student's rights under FERPA at an instant: a parent, until a binding document ends them or the student comes of age."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from services.privacy.policy.calendar_days import Place, reaches_majority_on
from shared.contracts.privacy import SubjectFacts


def rights_role(facts: SubjectFacts, person_id: UUID, *, now: datetime) -> Literal["parent", "student"] | None:
    """In which role `person_id` holds the rights at `now`; None if in none.

    The student: from 18, or from attending a postsecondary institution (34 CFR 99.3 "Eligible student", 99.5(a)(1)). Until then either
    parent, unless a binding document specifically revoked the rights (99.4). Who has several entries - rights that ended and were given
    back - has those of the entry that lasts longest.
    """
    today = Place.at(facts.time_zone, now).today
    eligible = facts.attends_postsecondary or reaches_majority_on(facts.birth_date) <= today
    if eligible or person_id == facts.student_id:
        return "student" if eligible and person_id == facts.student_id else None
    begun = [holder for holder in facts.rights_holders if holder.person_id == person_id and holder.from_ <= today]
    return "parent" if any(holder.ended_on is None or today < holder.ended_on for holder in begun) else None
