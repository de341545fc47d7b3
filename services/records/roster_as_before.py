"""Who of an upload is as before is known without being read: by a keyed tag of what reading the student rested on.

The tag is over what is held of the source too, and over the loader's organisations; what was told is sealed with the days for which it
holds. Whatever of these is another now, the student is read anew.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import partial
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec
from anyio import to_thread
from sqlalchemy import Connection, bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.records.formats.edfi_as_before import StudentAsBefore, Told
from services.records.formats.edfi_documents import EdFiUpload
from services.records.formats.parsed import ParsedRoster, RestsOn
from services.records.loading_places import Places
from services.records.tables import SourceIdRow, StudentRow
from services.records.vault import DataKey, Vault
from shared import prepared
from shared.database import Database

PAGE: Final = 500
SECTION: Final = "as-read"


class AsRead(NamedTuple):
    """What is kept, sealed, of a student who was read."""

    first: date
    last: date
    """The days on which the student belongs where it did: no enrolment begins or ends between them."""
    told: Told


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
        mark = made.as_read(row.content_tag, places.mark + digests[tags[row.tag]])
        if mark != row.read_tag:
            continue
        key = vault.data_key(row.id, row.wrapped_key)
        read = _AS_READ.decode(key.open(row.read_sealed, section=SECTION, source=row.tag.hex(), version=0))
        if read.first <= today <= read.last:
            found[row.tag] = StudentAsBefore(read.told, mark)
    return found


class Read(NamedTuple):
    """A student of a roster who was read, and is stored now."""

    student_id: UUID
    tag: bytes
    """`LookupTags.source_id`."""
    content_tag: bytes
    rests_on: RestsOn
    first: date
    last: date


async def keep_as_read(tx: AsyncSession, vault: Vault, places: Places, read: Sequence[Read], keys: Mapping[UUID, DataKey]) -> None:
    """Keep by what these are known when they come again. `keys`: data keys that are at hand; others are read."""
    if read:
        await tx.flush()
        await tx.run_sync(lambda session: _keep(session.connection(), vault, places, read, keys))


def _keep(connection: Connection, vault: Vault, places: Places, read: Sequence[Read], keys: Mapping[UUID, DataKey]) -> None:
    wanted = [one.student_id for one in read if one.student_id not in keys]
    rows = prepared.rows(connection, _KEYS, {"ids": wanted}) if wanted else []
    known = {**keys, **{row.id: vault.data_key(row.id, row.wrapped_key) for row in rows}}
    values = []
    for one in read:
        said = msgspec.json.encode(AsRead(one.first, one.last, one.rests_on.told))
        values.append(
            {
                "of_tag": one.tag,
                "of_content": one.content_tag,
                "new_read_tag": vault.tags.as_read(one.content_tag, places.mark + one.rests_on.digest),
                "new_read_sealed": known[one.student_id].seal(said, section=SECTION, source=one.tag.hex(), version=0),
            }
        )
    prepared.change_each(connection, _KEEP, values)


_AS_READ: Final = msgspec.json.Decoder(AsRead)
_KEYS = select(StudentRow.id, StudentRow.wrapped_key).where(StudentRow.id.in_(bindparam("ids", expanding=True)))
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
