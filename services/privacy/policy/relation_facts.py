"""What a person who would receive it is to the student: a parent, the student, or neither."""

from typing import Any
from uuid import UUID

from services.privacy.policy.calendar_days import Place
from services.privacy.policy.discloser import Discloser
from services.privacy.policy.rights import parental_rights
from shared.contracts.privacy import SubjectFacts


def relation_facts(student: SubjectFacts, discloser: Discloser, place: Place) -> dict[str, Any] | None:
    """None where the recipient is no person."""
    if discloser.recipient.kind != "person":
        return None
    try:
        person = UUID(discloser.recipient.id)
    except ValueError:
        return {"is_parent": False, "is_student": False}
    holds, ends_on = parental_rights(student, person, place)
    return {
        "is_parent": holds,
        "is_student": person == student.student_id,
        "rights_ended_at": None if ends_on is None else place.begins(ends_on),
    }


def is_of_the_family(student: SubjectFacts, recipient_id: str) -> bool:
    """The person is the student, or stands among those who hold or held rights."""
    return recipient_id in {str(student.student_id), *(str(holder.person_id) for holder in student.rights_holders)}
