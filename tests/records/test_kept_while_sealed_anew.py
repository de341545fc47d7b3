"""What a load keeps of a student who is as before, while what stays of that student is sealed anew: it is under the key that stays."""

import asyncio
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.problems.requests import TemporarilyUnavailable
from services.records.formats.parsed import KeptStudent
from services.records.read_marks import ReadMark
from services.records.roster_as_before import AsBefore, keep_marks
from services.records.roster_keeping import RosterKeeping, kept_of_student
from services.records.sealing_anew import seal_anew
from services.records.tables import SourceIdRow, StudentRow
from tests.records.test_locked_in_order import loaded, wait_until_somebody_waits
from tests.records.test_shredding import keys, own
from tests.records.test_storing import LEA, Store, store

__all__ = ["keys", "own", "store"]

pytestmark = [pytest.mark.anyio, pytest.mark.postgres, pytest.mark.parametrize("store", ["postgresql"], indirect=True)]

TAG, CONTENT = b"t" * 32, b"c" * 32
MARK = ReadMark(b"r" * 32, b'["2026-08-24","2027-06-30",{}]')


async def over_or_waiting(own: Store, work: "asyncio.Task[None]") -> None:
    waits = asyncio.ensure_future(wait_until_somebody_waits(own))
    await asyncio.wait({work, waits}, return_when=asyncio.FIRST_COMPLETED)
    waits.cancel()


async def sealed_anew(own: Store, tx: AsyncSession, student_id: UUID) -> None:
    await seal_anew(tx, own.vault, await tx.get_one(StudentRow, student_id, with_for_update=True))


async def test_a_mark_is_under_the_key_that_stays(own: Store, keys: Path) -> None:
    (student_id,) = await loaded(own, 1)
    async with own.database.transaction() as tx:
        tx.add(SourceIdRow(tag=TAG, student_id=student_id, content_tag=CONTENT))

    async def keep() -> None:
        async with own.database.transaction() as other:
            await keep_marks(other, own.vault, [AsBefore(student_id, TAG, CONTENT, MARK)])

    async with own.database.transaction() as tx:
        await sealed_anew(own, tx, student_id)
        work = asyncio.ensure_future(keep())
        await over_or_waiting(own, work)
    await work
    async with own.database.reading() as tx:
        row = (await tx.scalars(select(SourceIdRow).where(SourceIdRow.tag == TAG))).one()
        key = own.vault.data_key(student_id, (await tx.get_one(StudentRow, student_id)).wrapped_key)
    if row.read_sealed is not None:
        key.open(row.read_sealed, section="as-read", source=TAG.hex(), version=0)
    await keep()
    async with own.database.reading() as tx:
        assert (await tx.scalars(select(SourceIdRow.read_tag).where(SourceIdRow.tag == TAG))).one() == MARK.tag


async def test_what_a_source_said_is_under_the_key_that_stays(own: Store, keys: Path) -> None:
    (student_id,) = await loaded(own, 1)
    keeping = RosterKeeping(own.vault, organisation_id=LEA, source_system="SIS")

    async def keep() -> None:
        async with own.database.transaction() as other:
            await keeping.keep_students(other, {"s-1": KeptStudent.of("s-1", {"users": {}})}, {"s-1": student_id})

    async with own.database.transaction() as tx:
        await sealed_anew(own, tx, student_id)
        work = asyncio.ensure_future(keep())
        await over_or_waiting(own, work)
    [refused] = await asyncio.gather(work, return_exceptions=True)
    async with own.database.reading() as tx:
        key = own.vault.data_key(student_id, (await tx.get_one(StudentRow, student_id)).wrapped_key)
        await kept_of_student(tx, own.vault, student_id, key)
    assert isinstance(refused, TemporarilyUnavailable)
    await keep()
