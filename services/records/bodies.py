"""Storing and reading sealed chunks, a few at a time: whatever their number, no more than some megabytes of them are in memory.

A body is made in several transactions. One that nothing names, and that nobody goes on with, is removed (`sweep`), as is one that has
served: its key is gone before, with what named it.
"""

import shutil
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, and_, delete, exists, func, insert, or_, select, update

from safepassage.chunks import MAX_SEALED_BYTES
from safepassage.problems.bodies import ChunkNotOpened, NoRoomForBody
from services.records.exchange.states import UNDELIVERED, Incoming
from services.records.tables import AttachmentRow, BodyChunkRow, BodyRow, IncomingEnvelopeRow, OutgoingEnvelopeRow
from shared.database import Database
from shared.inserts import insert_of

AT_ONCE: Final = 4
"""Chunks of one transaction."""
DELETED_AT_ONCE: Final = 16
ABANDONED_AFTER: Final = timedelta(hours=1)
NOT_GONE_ON_WITH: Final = timedelta(days=3)
"""A peer tries again each day at the latest: one whose chunks stopped coming so long ago has given it up, or begins anew."""

LOADED, OUTGOING, INCOMING = "loaded", "outgoing", "incoming"
_FILED: Final = (Incoming.APPLIED, Incoming.REJECTED)


class Chunk(NamedTuple):
    """A sealed chunk, and its leaf hash in the tree of its body."""

    number: int
    leaf: bytes
    sealed: bytes


def begin(connection: Connection, body_id: UUID, *, kind: str, now: datetime, **values: Any) -> None:
    """A body without chunks yet."""
    row = {"id": body_id, "kind": kind, "touched_at": now, "chunks": 0, **values}
    connection.execute(insert(BodyRow).values(row))


async def store(database: Database, body_id: UUID, chunks: Sequence[Chunk], *, now: datetime) -> None:
    """Add chunks, in one transaction. What is there already stays as it is. Raises ChunkNotOpened where the body was removed meanwhile."""

    await database.write(lambda connection: add(connection, body_id, chunks, now=now))


def add(connection: Connection, body_id: UUID, chunks: Sequence[Chunk], *, now: datetime) -> None:
    """As `store`, in a transaction of the caller's."""
    touched = update(BodyRow).where(BodyRow.id == body_id).values(touched_at=now)
    if connection.execute(touched).rowcount != 1:
        raise ChunkNotOpened("its body is gone")
    rows = [{"body_id": body_id, **chunk._asdict()} for chunk in chunks]
    connection.execute(insert_of(connection.dialect.name, BodyChunkRow).on_conflict_do_nothing(), rows)


async def sealed_chunk(database: Database, body_id: UUID, number: int) -> bytes:
    """One chunk. Raises ChunkNotOpened where there is none."""
    query = select(BodyChunkRow.sealed).where(BodyChunkRow.body_id == body_id, BodyChunkRow.number == number)
    found = await database.read(lambda connection: connection.execute(query).scalar_one_or_none())
    if found is None:
        raise ChunkNotOpened("it is not in the store", number=number)
    return bytes(found)


async def leaves_of(database: Database, body_id: UUID) -> list[bytes]:
    """The leaf hashes of a body, in order."""
    query = select(BodyChunkRow.leaf).where(BodyChunkRow.body_id == body_id).order_by(BodyChunkRow.number)
    return await database.read(lambda connection: [bytes(leaf) for leaf in connection.execute(query).scalars()])


def body_at(connection: Connection, *, kind: str, peer: str, envelope_id: UUID) -> Any | None:
    """The body beside an envelope, its columns."""
    query = select(BodyRow.__table__).where(BodyRow.kind == kind, BodyRow.peer == peer, BodyRow.envelope_id == envelope_id)
    return connection.execute(query).one_or_none()


def missing_at(connection: Connection, body_id: UUID, chunks: int) -> list[int]:
    """The numbers of the chunks that are not stored."""
    stored = set(connection.execute(select(BodyChunkRow.number).where(BodyChunkRow.body_id == body_id)).scalars())
    return [number for number in range(chunks) if number not in stored]


def require_disk(database: Database, *, more: int, left: int) -> None:
    """Raises NoRoomForBody where `more` bytes would leave less than `left` free on the disk of a store that is a file."""
    if database.is_sqlite:
        free = shutil.disk_usage(Path(database.url.database or ".").resolve().parent).free
        if free - more < left:
            raise NoRoomForBody(retry_after_seconds=600)


def waiting_bytes(connection: Connection, peer: str) -> int:
    """At most so many bytes of a peer's packages are on their way or not filed yet."""
    filed = exists().where(
        IncomingEnvelopeRow.issuer == BodyRow.peer, IncomingEnvelopeRow.id == BodyRow.envelope_id, IncomingEnvelopeRow.state.in_(_FILED)
    )
    query = select(func.coalesce(func.sum(BodyRow.chunks), 0)).where(BodyRow.kind == INCOMING, BodyRow.peer == peer, ~filed)
    return int(connection.execute(query).scalar_one()) * MAX_SEALED_BYTES


async def sweep(database: Database, now: datetime) -> int:
    """Remove what serves nothing any more, a few chunks a transaction. Gives how many bodies went."""
    ids = await database.read(lambda connection: list(connection.execute(select(BodyRow.id).where(_of_no_use(now)).limit(100)).scalars()))
    for body_id in ids:
        while await database.write(lambda connection, body_id=body_id: _remove_some(connection, body_id, now)):  # type: ignore[misc]  # a default binds the loop's value
            pass
    return len(ids)


def _remove_some(connection: Connection, body_id: UUID, now: datetime) -> bool:
    """A step. False once nothing is left, or where something names it after all."""
    still = select(BodyRow.id).where(BodyRow.id == body_id, _of_no_use(now)).with_for_update()
    if connection.execute(still).first() is None:
        return False
    some = select(BodyChunkRow.number).where(BodyChunkRow.body_id == body_id).order_by(BodyChunkRow.number.desc()).limit(DELETED_AT_ONCE)
    numbers = list(connection.execute(some).scalars())
    if not numbers:
        connection.execute(delete(BodyRow).where(BodyRow.id == body_id))
        return False
    connection.execute(delete(BodyChunkRow).where(BodyChunkRow.body_id == body_id, BodyChunkRow.number.in_(numbers)))
    return True


def _of_no_use(now: datetime) -> Any:
    """No document of a student is in it; and it was abandoned, or has left, or was filed without it, or has expired."""
    named = exists().where(AttachmentRow.body_id == BodyRow.id)
    abandoned = BodyRow.touched_at <= now - ABANDONED_AFTER
    forgotten = BodyRow.touched_at <= now - NOT_GONE_ON_WITH
    of_outgoing = OutgoingEnvelopeRow.id == BodyRow.envelope_id
    of_incoming = and_(IncomingEnvelopeRow.issuer == BodyRow.peer, IncomingEnvelopeRow.id == BodyRow.envelope_id)
    waits = exists().where(of_outgoing, OutgoingEnvelopeRow.state.in_(UNDELIVERED))
    left = exists().where(of_outgoing, OutgoingEnvelopeRow.state.not_in(UNDELIVERED))
    came, filed = exists().where(of_incoming), exists().where(of_incoming, IncomingEnvelopeRow.state.in_(_FILED))
    return and_(
        ~named,
        or_(
            and_(BodyRow.kind == LOADED, abandoned),
            and_(BodyRow.kind == OUTGOING, or_(left, and_(abandoned, ~waits))),
            and_(BodyRow.kind == INCOMING, or_(filed, and_(~came, or_(BodyRow.expires_at <= now, forgotten)))),
        ),
    )
