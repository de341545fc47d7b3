"""The job that tags the bucket of the birth date for students who were stored before findings were there; a load does it itself."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final
from uuid import UUID

from sqlalchemy import Connection, func, select

from safepassage.finding import bucket_of
from services.records.finding.comparing import NAMED
from services.records.matching_candidates import records_of
from services.records.tables import TagRow
from services.records.vault import Vault
from shared.database import Database
from shared.inserts import insert_of

AT_ONCE: Final = 500


async def add_buckets(database: Database, vault: Vault, *, told: Callable[[int], None]) -> int:
    """Tag every student who has a name tag and a birth date; a second run changes nothing. Gives how many were looked at.

    told  is told how many records were opened so far

    Raises SealBroken.
    """
    after: UUID | None = None
    opened = 0
    while part := await database.read(partial(_tagged, after=after)):
        after = part[-1][0]
        opened += len(part)
        await database.write(partial(_add, vault=vault, part=part))
        told(opened)
    return opened


def _tagged(connection: Connection, *, after: UUID | None) -> list[tuple[UUID, str]]:
    """Students who can be found by a tag at all, in the order of their ids, each with one of the sources that gave the tags."""
    query = select(TagRow.student_id, func.min(TagRow.source)).group_by(TagRow.student_id).order_by(TagRow.student_id).limit(AT_ONCE)
    rows = connection.execute(query if after is None else query.where(TagRow.student_id > after))
    return [(row[0], row[1]) for row in rows]


def _add(connection: Connection, *, vault: Vault, part: Sequence[tuple[UUID, str]]) -> None:
    sources, rows = dict(part), []
    for student_id, record in records_of(connection, vault, sources, sections=NAMED):
        born = record.identity.birth_date if record.identity is not None else None
        if born is not None:
            tag = vault.tags.birth_bucket(bucket_of(born.birth_date))
            rows.append({"tag": tag, "student_id": student_id, "source": sources[student_id]})
    if rows:
        connection.execute(insert_of(connection.dialect.name, TagRow).on_conflict_do_nothing(), rows)
