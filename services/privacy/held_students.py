"""What is held of students, as it is looked up and opened: of those who are asked about, or of those whom a caller sees."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection

from services.privacy.sealing import Sealer
from services.privacy.statements import placed_statements
from services.privacy.subjects import HeldSubject, open_facts, subjects_by_id
from shared.contracts.privacy import DecisionRequest, StatementsOf, SubjectFacts


@dataclass(frozen=True)
class HeldStudent:
    """What is held of a student."""

    facts: SubjectFacts
    statements: StatementsOf | None


def held_students(
    connection: Connection, sealer: Sealer, student_ids: Sequence[UUID], rows: Mapping[UUID, HeldSubject] | None = None
) -> dict[UUID, HeldStudent]:
    """Those of the students who are held, by id. `rows`: where they were looked up before. Raises SealBroken."""
    found = subjects_by_id(connection, student_ids) if rows is None else rows
    return {
        student_id: HeldStudent(open_facts(sealer, found[student_id]), _statements(sealer, found[student_id]))
        for student_id in student_ids
        if student_id in found
    }


def rows_of_each(connection: Connection, requests: Sequence[DecisionRequest]) -> list[Mapping[UUID, HeldSubject] | None]:
    """`rows` for `read_facts` of each of several requests: students who are asked about alone are looked up by one statement."""
    alone = [request.subjects[0].student_id if len(request.subjects) == 1 else None for request in requests]
    found = subjects_by_id(connection, list(dict.fromkeys(one for one in alone if one is not None)))
    return [None if one is None else found for one in alone]


def held_within(
    connection: Connection,
    sealer: Sealer,
    student_ids: Sequence[UUID],
    *,
    sees: Callable[[SubjectFacts], bool],
    nobody: Callable[[], SubjectFacts],
) -> dict[UUID, HeldStudent]:
    """As `held_students`, those of the students whom a caller sees. Raises SealBroken.

    # INVARIANT: as much is done for a student who is not held as for one whom the caller does not see: `nobody` is opened in their place.
    """
    rows, held = subjects_by_id(connection, student_ids), dict[UUID, HeldStudent]()
    for student_id in student_ids:
        row = rows.get(student_id)
        facts = nobody() if row is None else open_facts(sealer, row)
        if sees(facts) and row is not None:
            held[student_id] = HeldStudent(facts, _statements(sealer, row))
    return held


def _statements(sealer: Sealer, row: HeldSubject) -> StatementsOf | None:
    if row.sealed_statements is None:
        return None
    return StatementsOf(student_id=row.student_id, statements=placed_statements(sealer, row.student_id, row.sealed_statements))
