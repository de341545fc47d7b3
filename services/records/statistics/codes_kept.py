"""Codes that a question made of the records themselves are kept for the next one: a load that finds nothing changed stores nothing."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, select

from services.records.tables import CodedStudentRow, StudentRow
from shared.database import Database
from shared.inserts import insert_of

MOST_KEPT: Final = 50_000
"""Of one question, some 20 MB of them; the next one goes on."""
AT_ONCE: Final = 500


class MadeAnew(NamedTuple):
    """A code, sealed under the key that the student had when it was made, of the version that the record had."""

    student_id: UUID
    version: int
    wrapped_key: bytes
    sealed: bytes


async def keep_codes(database: Database, made: Sequence[MadeAnew]) -> None:
    """Store them, some at a time.

    # INVARIANT: none is stored of a student who has another version or another key by now, or who is gone: it would not open.
    """
    for start in range(0, len(made), AT_ONCE):
        some = made[start : start + AT_ONCE]
        await database.write(lambda connection, some=some: _keep(connection, some))  # type: ignore[misc]  # a default binds the loop's value


def _keep(connection: Connection, made: Sequence[MadeAnew]) -> None:
    by_id = {one.student_id: one for one in made}
    # who is being changed at this moment is coded by who changes it
    query = select(StudentRow.id, StudentRow.version, StudentRow.wrapped_key).where(StudentRow.id.in_(by_id))
    rows = connection.execute(query.order_by(StudentRow.id).with_for_update(skip_locked=True)).all()
    still = [by_id[row.id] for row in rows if (row.version, bytes(row.wrapped_key)) == by_id[row.id][1:3]]
    if not still:
        return
    insert: Any = insert_of(connection.dialect.name, CodedStudentRow)
    changed = {"version": insert.excluded.version, "sealed": insert.excluded.sealed}
    values = [{"student_id": one.student_id, "version": one.version, "sealed": one.sealed} for one in still]
    connection.execute(insert.on_conflict_do_update(index_elements=["student_id"], set_=changed), values)
