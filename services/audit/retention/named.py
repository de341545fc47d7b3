"""Whom officials have put down beside the log: once nothing that was sealed of a student is left, nothing here says who that was.

A hold that was lifted stays on record without the student; a search that looks for the student would find nothing, and goes.

# INVARIANT: a hold in force is left alone: it names a student of whom something is still kept, or is yet to come.
"""

from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.audit.driver import Driver
from services.audit.retention.sealed_students import open_student
from services.audit.saved_searches import forget_searches_for
from services.audit.school_years import key_epoch
from services.audit.subject_keys import SubjectKeys
from services.audit.tables import HoldRow, SubjectKeyRow

AT_ONCE: Final = 1_000


async def forget_namings(state: Any, student: UUID, *, destruction_id: UUID) -> None:
    """Forget a student of whom no school year that is over has anything sealed. May be repeated; where something is left, does nothing."""
    keys: SubjectKeys = state.keys
    async with state.database.reading() as tx:
        if await _is_sealed_still(tx, keys, student, this_year=key_epoch(int(state.clock().timestamp()))):
            return
    after: UUID | None = None
    while True:
        async with state.database.transaction() as tx:
            after = await _forget_holds(tx, keys, student, after, destruction_id=destruction_id)
        if after is None:
            break
    async with state.database.transaction() as tx:
        await forget_searches_for(tx, keys, student)


async def _is_sealed_still(tx: AsyncSession, keys: SubjectKeys, student: UUID, *, this_year: int) -> bool:
    """Whether a key of an earlier school year is there: that of the current one seals, at the least, that the rest was destroyed."""
    tags = [tag for epoch, tag in (await keys.tags_by_epoch(tx, str(student))).items() if epoch < this_year]
    return bool(await tx.scalar(select(func.count()).select_from(SubjectKeyRow).where(SubjectKeyRow.key_id.in_(tags))))


async def _forget_holds(tx: AsyncSession, keys: SubjectKeys, student: UUID, after: UUID | None, *, destruction_id: UUID) -> UUID | None:
    """The next holds that were lifted. Gives the last one that was looked at; None once all were."""
    query = select(HoldRow.id, HoldRow.sealed_student).where(HoldRow.lifted_at.is_not(None), HoldRow.sealed_student.is_not(None))
    query = query if after is None else query.where(HoldRow.id > after)
    rows = (await tx.execute(query.order_by(HoldRow.id).limit(AT_ONCE))).all()

    def theirs(driver: Driver) -> list[UUID]:
        return [id_ for id_, sealed in rows if open_student(driver, keys, sealed, of=id_) == student]

    if named := await tx.run_sync(lambda session: theirs(Driver(session.connection()))):
        forgotten = {"sealed_student": None, "destruction_id": destruction_id}
        await tx.execute(update(HoldRow).where(HoldRow.id.in_(named)).values(forgotten))
    return rows[-1].id if len(rows) == AT_ONCE else None
