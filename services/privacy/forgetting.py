"""Forgetting students whose records were destroyed: their facts, every version of them, and the statements beside them.

What was decided, consented to and asked for stays for as long as it is kept by itself: it names an id that says nothing of a person.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from sqlalchemy import Connection, bindparam, delete

from services.privacy.subjects import FORGOTTEN
from services.privacy.tables import SubjectRow, SubjectVersionRow
from shared.caller import sibling
from shared.contracts.subject_batches import DestroyedSubject, DestroyedSubjects
from shared.database import Database
from shared.inserts import DIALECTS, insert_of
from shared.internal_token import Principal

router = APIRouter(prefix="/internal/subjects", tags=["internal"])


@router.post("/destroyed", status_code=204)
async def forget_subjects(destroyed: DestroyedSubjects, request: Request, _: Annotated[Principal, sibling("records")]) -> Response:
    """Forget what is known of students whose records were destroyed. Told again, it changes nothing."""
    database: Database = request.app.state.database
    await database.write(lambda connection: forget(connection, destroyed.students))
    return Response(status_code=204)


def forget(connection: Connection, students: tuple[DestroyedSubject, ...]) -> None:
    """INVARIANT: what is told late of one who was forgotten is of an older version, and changes nothing."""
    in_order = sorted(students, key=lambda one: one.student_id)  # so that two calls never wait for each other's rows
    rows = [one.model_dump() | {"sealed": FORGOTTEN, "sealed_statements": None} for one in in_order]
    connection.execute(_FORGOTTEN[connection.dialect.name], rows)
    connection.execute(_VERSIONS, [{"student_id_": one.student_id, "below": one.facts_version} for one in in_order])


def _forgotten(dialect: str) -> Any:
    statement = insert_of(dialect, SubjectRow)
    values = {name: statement.excluded[name] for name in ("facts_version", "sealed", "sealed_statements")}
    newer = SubjectRow.facts_version < statement.excluded.facts_version
    return statement.on_conflict_do_update(index_elements=["student_id"], set_=values, where=newer)


_FORGOTTEN = {dialect: _forgotten(dialect) for dialect in DIALECTS}
_VERSIONS = delete(SubjectVersionRow).where(
    SubjectVersionRow.student_id == bindparam("student_id_"), SubjectVersionRow.facts_version < bindparam("below")
)
