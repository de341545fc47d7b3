"""A destruction as it is stored and as it is shown: who approved it, from when on it is carried out, how far it is."""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.problems.retention import NoSuchLogDestruction
from safepassage.wire_retention import DestructionPreview, LogDestruction, LogDestructionApproval
from services.audit.retention.sealed_students import student_of
from services.audit.tables import DestructionApprovalRow, DestructionRow, LogRow

WAITS: Final = timedelta(hours=24)
"""Between the second approval and the act, which nobody can undo."""
APPROVALS: Final = 2


async def approvals_of(tx: AsyncSession, row: DestructionRow) -> list[DestructionApprovalRow]:
    """The approvals of a destruction by others than who asked for it, the first one first."""
    query = select(DestructionApprovalRow).where(
        DestructionApprovalRow.destruction_id == row.id, DestructionApprovalRow.official != row.asked_by
    )
    return list((await tx.scalars(query.order_by(DestructionApprovalRow.at, DestructionApprovalRow.official))).all())


def not_before(row: DestructionRow) -> datetime | None:
    """From when on an approved destruction is carried out."""
    return None if row.approved_at is None else row.approved_at + WAITS


async def read_destruction(state: Any, destruction_id: UUID) -> LogDestruction:
    """Raises NoSuchLogDestruction."""
    async with state.database.reading() as tx:
        row = await tx.get(DestructionRow, destruction_id)
        if row is None:
            raise NoSuchLogDestruction
        return await destruction_of(tx, state, row)


async def destruction_of(tx: AsyncSession, state: Any, row: DestructionRow) -> LogDestruction:
    """The row as it is said aloud."""
    log = None if row.entry_log is None else await tx.get(LogRow, row.entry_log)
    made = {"student_id", "approvals", "not_before", "preview", "log", "index"}
    return LogDestruction(
        student_id=await student_of(tx, state.keys, row),
        approvals=tuple(LogDestructionApproval(official=one.official, role=one.role, at=one.at) for one in await approvals_of(tx, row)),
        not_before=not_before(row),
        preview=DestructionPreview.model_validate_json(row.preview),
        log=None if log is None else log.origin,
        index=row.entry_idx,
        **{name: getattr(row, name) for name in LogDestruction.model_fields if name not in made},
    )
