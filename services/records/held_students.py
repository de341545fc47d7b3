"""Students as they are stored, locked to be changed: their rows, sections, enrolments, and the records of the same child."""

from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, bindparam, select

from services.records.same_child import of_one_child
from services.records.subject_facts import EnrolledAt
from services.records.tables import EnrollmentRow, SectionRow, StudentRow
from shared import prepared

STUDENTS: Final = (
    select(StudentRow.__table__)
    .where(StudentRow.id.in_(bindparam("ids", expanding=True)))
    .order_by(StudentRow.id)
    .with_for_update(key_share=True)
)
_SECTIONS: Final = select(SectionRow.__table__).where(SectionRow.student_id.in_(bindparam("ids", expanding=True)))
_ENROLLED: Final = select(EnrollmentRow.__table__).where(EnrollmentRow.student_id.in_(bindparam("ids", expanding=True)))


@dataclass
class HeldStudent:
    """A student as stored before: rows of `student` and `section`."""

    student: Any
    sections: list[Any] = field(default_factory=list)
    enrolled: list[EnrolledAt] = field(default_factory=list)
    same_child: frozenset[UUID] = frozenset()


def held_students(connection: Connection, ids: list[UUID]) -> dict[UUID, HeldStudent]:
    """By id, those of these who are there."""
    if not ids:
        return {}
    held = {student.id: HeldStudent(student) for student in prepared.rows(connection, STUDENTS, {"ids": ids})}
    for section in prepared.rows(connection, _SECTIONS, {"ids": ids}):
        held[section.student_id].sections.append(section)
    for one in prepared.rows(connection, _ENROLLED, {"ids": ids}):
        held[one.student_id].enrolled.append(EnrolledAt(one.organisation_id, one.entry_date, one.exit_date))
    for student_id, records in of_one_child(connection, held).items():
        held[student_id].same_child = records
    return held
