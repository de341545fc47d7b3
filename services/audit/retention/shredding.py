"""The act: data keys, sealed rows and index rows go, and a mark of the destruction stands in their place. In the caller's transaction."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, Uuid, delete, insert, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.audit.driver import Driver
from services.audit.index.forgetting import forget
from services.audit.openings import Place
from services.audit.retention.units import NodeYear, StudentYear
from services.audit.subject_index import rows_about
from services.audit.subject_keys import SubjectKeys
from services.audit.tables import DestroyedKeyRow, DestroyedPartRow, SealedRow, SubjectEntryRow, SubjectKeyRow

ROWS_OF_A_STATEMENT: Final = 500


async def destroy_key(tx: AsyncSession, there: StudentYear | NodeYear, *, destruction_id: UUID, now: datetime) -> None:
    """Destroy the data key of a unit: from the commit on nothing here opens what it sealed."""
    await tx.execute(delete(SubjectKeyRow).where(SubjectKeyRow.key_id == there.key_id))
    tx.add(
        DestroyedKeyRow(
            key_id=there.key_id,
            epoch=there.school_year,
            destruction_id=destruction_id,
            custodian_id=there.custodian if isinstance(there, StudentYear) else None,
            destroyed_at=now,
        )
    )
    await tx.flush()


async def destroy_student_rows(tx: AsyncSession, keys: SubjectKeys, there: StudentYear, *, destruction_id: UUID) -> None:
    """What is sealed of a student in a school year, and the index of it.

    # INVARIANT: no row with the tag is left, wherever it was moved since it was read (services.audit.subject_blocks).
    """
    row, rows = SubjectEntryRow, there.rows
    while rows:
        for start in range(0, len(rows), ROWS_OF_A_STATEMENT):
            some = rows[start : start + ROWS_OF_A_STATEMENT]
            places = [Place(one.log, one.idx) for one in some]
            # Log by log, and block by block: for pairs of both SQLite looks at every row of the log, for every student.
            for log in sorted({one.log for one in some}):
                indices = [one.idx for one in some if one.log == log]
                of_log = (SealedRow.log == log, SealedRow.idx.in_(indices))
                await _destroy_parts(tx, *of_log, SealedRow.key_id == there.key_id, destruction_id=destruction_id)
            for block, log in sorted({(one.block, one.log) for one in some}):
                indices = [one.idx for one in some if (one.block, one.log) == (block, log)]
                here = (row.block == block, row.tag == there.key_id, row.log == log, row.idx.in_(indices))
                await tx.execute(delete(row).where(*here))
            await _forget(tx, keys, places)
        rows = await rows_about(tx, there.key_id)


async def destroy_node_rows(
    tx: AsyncSession, keys: SubjectKeys, *, key_id: bytes, log: int, start: int, end: int, destruction_id: UUID
) -> None:
    """What the node's own key sealed of the entries of a log from `start` up to, not including, `end`."""
    here = (SealedRow.log == log, SealedRow.idx >= start, SealedRow.idx < end, SealedRow.part == 0, SealedRow.key_id == key_id)
    places = [Place(log, idx) for idx in await tx.scalars(select(SealedRow.idx).where(*here))]
    await _destroy_parts(tx, *here, destruction_id=destruction_id)
    await _forget(tx, keys, places)


async def _forget(tx: AsyncSession, keys: SubjectKeys, places: Sequence[Place]) -> None:
    """Let the index say of these entries only what can still be opened of them."""
    if places:
        await tx.run_sync(lambda session: forget(Driver(session.connection()), keys, places))


async def _destroy_parts(tx: AsyncSession, *these: ColumnElement[bool], destruction_id: UUID) -> None:
    columns = (SealedRow.log, SealedRow.idx, SealedRow.part, literal(destruction_id, Uuid()))
    marks = insert(DestroyedPartRow).from_select(["log", "idx", "part", "destruction_id"], select(*columns).where(*these))
    await tx.execute(marks)
    await tx.execute(delete(SealedRow).where(*these))
