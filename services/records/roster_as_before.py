"""Who of an upload is as before is known without being read, by the mark that was kept when the same was read (read_marks)."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import partial
from typing import Any, Final, NamedTuple
from uuid import UUID

from anyio import to_thread
from sqlalchemy import Connection, bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.records.formats.edfi_as_before import StudentAsBefore
from services.records.formats.edfi_documents import EdFiUpload
from services.records.formats.parsed import ParsedRoster
from services.records.loading_places import Places
from services.records.read_marks import ReadMark, opened_mark, tag_of
from services.records.tables import SourceIdRow, StudentRow
from services.records.vault import Vault
from shared import prepared
from shared.database import Database

PAGE: Final = 500


async def read_but_as_before(database: Database, vault: Vault, upload: EdFiUpload, *, organisation_id: UUID, now: datetime) -> ParsedRoster:
    """The roster of an upload, of which nobody is read who is as before. Raises UnreadableRoster."""
    made = vault.tags
    tags = await to_thread.run_sync(
        lambda: {made.source_id(organisation_id, upload.source_system, one): one for one in upload.digests.by_student}
    )
    asked, found = list(tags), dict[str, StudentAsBefore]()
    async with database.reading() as tx:
        places = await Places.of(tx, organisation_id)
    for start in range(0, len(asked), PAGE):
        rows = await database.read(partial(_held, tags=asked[start : start + PAGE]))
        known = partial(_known, vault, rows, places=places, today=places.today(now))
        found |= {tags[tag]: one for tag, one in (await to_thread.run_sync(known, tags, upload.digests.by_student)).items()}
    return await to_thread.run_sync(upload.roster, found)


def _known(
    vault: Vault, rows: Sequence[Any], tags: Mapping[bytes, str], digests: Mapping[str, bytes], *, places: Places, today: date
) -> dict[bytes, StudentAsBefore]:
    """Who of these is as before."""
    made, found = vault.tags, {}
    for row in rows:
        mark = tag_of(made, places, row.content_tag, digests[tags[row.tag]])
        if mark != row.read_tag:
            continue
        read = opened_mark(vault.data_key(row.id, row.wrapped_key), row)
        if read.first <= today <= read.last:
            found[row.tag] = StudentAsBefore(read.told, mark)
    return found


class AsBefore(NamedTuple):
    """A student of a roster who was read, and of whom what is stored is as it was."""

    student_id: UUID
    tag: bytes
    """`LookupTags.source_id`."""
    content_tag: bytes
    mark: ReadMark


async def keep_marks(tx: AsyncSession, vault: Vault, several: Sequence[AsBefore]) -> None:
    """Keep by what these are known when they come again: whoever was stored before there were such marks, or whose days are over."""
    if several:
        await tx.run_sync(lambda session: _keep(session.connection(), vault, several))


def _keep(connection: Connection, vault: Vault, several: Sequence[AsBefore]) -> None:
    rows = prepared.rows(connection, _KEYS, {"ids": [one.student_id for one in several]})
    keys = {row.id: vault.data_key(row.id, row.wrapped_key) for row in rows}
    # Who is being destroyed or sealed anew just now gets no mark: the next load keeps one.
    values = [
        {
            "of_tag": one.tag,
            "of_content": one.content_tag,
            "new_read_tag": one.mark.tag,
            "new_read_sealed": one.mark.sealed(keys[one.student_id], one.tag),
        }
        for one in sorted(several, key=lambda one: one.tag)  # in one order, so that two loads do not wait for each other
        if one.student_id in keys
    ]
    if values:
        prepared.change_many(connection, _KEEP, values)


# INVARIANT: nothing is sealed under a data key that another transaction is about to replace (sealing_anew).
_KEYS = (
    select(StudentRow.id, StudentRow.wrapped_key)
    .where(StudentRow.id.in_(bindparam("ids", expanding=True)))
    .order_by(StudentRow.id)
    .with_for_update(read=True, skip_locked=True)
)
_HELD = (
    select(SourceIdRow.tag, SourceIdRow.content_tag, SourceIdRow.read_tag, SourceIdRow.read_sealed, StudentRow.id, StudentRow.wrapped_key)
    .join(StudentRow, StudentRow.id == SourceIdRow.student_id)
    .where(SourceIdRow.tag.in_(bindparam("tags", expanding=True)), SourceIdRow.read_tag.is_not(None))
)
_KEEP = (
    update(SourceIdRow)
    .where(SourceIdRow.tag == bindparam("of_tag"), SourceIdRow.content_tag == bindparam("of_content"))
    .values(read_tag=bindparam("new_read_tag"), read_sealed=bindparam("new_read_sealed"))
)


def _held(connection: Connection, *, tags: Sequence[bytes]) -> list[Any]:
    return prepared.rows(connection, _HELD, {"tags": tags})
