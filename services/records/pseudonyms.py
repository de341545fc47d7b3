"""Pairwise pseudonyms: how one recipient knows one student. Stored and random, so that two recipients can compare nothing."""

from collections.abc import Collection, Sequence
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.records.tables import PseudonymRow
from shared.database import Database
from shared.inserts import insert_into

CHUNK = 200


async def pseudonyms_of(database: Database, recipient_id: UUID, student_ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """The recipient's pseudonym of each student; who has none yet gets one, for good."""
    async with database.reading() as tx:
        held = await _held(tx, recipient_id, student_ids)
    # in one order, so that of two pages at once, whatever their orders, neither waits for a row of the other that waits for one of its own
    missing = sorted({student_id for student_id in student_ids if student_id not in held})
    if not missing:
        return held
    async with database.transaction() as tx:
        for start in range(0, len(missing), CHUNK):
            rows = [
                {"recipient_id": recipient_id, "student_id": student_id, "pseudonym": uuid4()}
                for student_id in missing[start : start + CHUNK]
            ]
            # Two pages at once may both find a student without one: the first to write wins, and both read what was written.
            await tx.execute(
                insert_into(tx, PseudonymRow).values(rows).on_conflict_do_nothing(index_elements=["recipient_id", "student_id"])
            )
        return await _held(tx, recipient_id, student_ids)


async def student_of(database: Database, recipient_id: UUID, pseudonym: UUID) -> UUID | None:
    """The student whom the recipient knows by a pseudonym; None for one that is not the recipient's."""
    async with database.reading() as tx:
        query = select(PseudonymRow.student_id).where(PseudonymRow.recipient_id == recipient_id, PseudonymRow.pseudonym == pseudonym)
        found: UUID | None = (await tx.execute(query)).scalar_one_or_none()
        return found


async def students_of(database: Database, recipient_id: UUID, pseudonyms: Collection[UUID]) -> list[UUID]:
    """The students whom the recipient knows by these; of those that are not the recipient's, nobody."""
    async with database.reading() as tx:
        query = select(PseudonymRow.student_id).where(PseudonymRow.recipient_id == recipient_id, PseudonymRow.pseudonym.in_(pseudonyms))
        return list((await tx.execute(query)).scalars())


async def _held(tx: AsyncSession, recipient_id: UUID, student_ids: Sequence[UUID]) -> dict[UUID, UUID]:
    query = select(PseudonymRow.student_id, PseudonymRow.pseudonym)
    query = query.where(PseudonymRow.recipient_id == recipient_id, PseudonymRow.student_id.in_(student_ids))
    return {row.student_id: row.pseudonym for row in await tx.execute(query)}
