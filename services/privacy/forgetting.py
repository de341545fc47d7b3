"""Forgetting students whose records were destroyed: their facts, every version of them, and the statements beside them.

Every version goes where a part of the record stays, too, for each rests on what went: the facts of that part are told beside this,
and the statements stay. What was decided, consented to and asked for stays for as long as it is kept by itself: it names an id that
says nothing of a person.
"""

from itertools import groupby
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
    """Forget what is known of students whose records were destroyed, or a part of them. Told again, it changes nothing."""
    database: Database = request.app.state.database
    await database.write(lambda connection: forget(connection, destroyed.students))
    return Response(status_code=204)


def forget(connection: Connection, students: tuple[DestroyedSubject, ...]) -> None:
    """INVARIANT: what is told late of one who was forgotten is of an older version, and changes nothing."""
    in_order = sorted(students, key=lambda one: one.student_id)  # so that two calls never wait for each other's rows
    for part_stays, alike in groupby(in_order, key=lambda one: one.part_stays):
        rows = [one.model_dump(exclude={"part_stays"}) | {"sealed": FORGOTTEN} for one in alike]
        connection.execute(_FORGOTTEN[connection.dialect.name, part_stays], rows)
    connection.execute(_VERSIONS, [{"student_id_": one.student_id, "below": one.facts_version} for one in in_order])


def _forgotten(dialect: str, part_stays: bool) -> Any:
    statement = insert_of(dialect, SubjectRow)
    values: dict[str, Any] = {name: statement.excluded[name] for name in ("facts_version", "sealed")}
    if not part_stays:
        values["sealed_statements"] = None
    newer = SubjectRow.facts_version < statement.excluded.facts_version
    return statement.on_conflict_do_update(index_elements=["student_id"], set_=values, where=newer)


_FORGOTTEN = {(dialect, part_stays): _forgotten(dialect, part_stays) for dialect in DIALECTS for part_stays in (False, True)}
_VERSIONS = delete(SubjectVersionRow).where(
    SubjectVersionRow.student_id == bindparam("student_id_"), SubjectVersionRow.facts_version < bindparam("below")
)
