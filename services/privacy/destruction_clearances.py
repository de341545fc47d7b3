"""What records asks at the moment it destroys: a clearance is older, and a request to inspect may have come since (34 CFR 99.10(e))."""

from collections.abc import Collection
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.problems.rights import NoSuchClearance
from services.privacy.rights import is_outstanding
from services.privacy.tables import DestructionRow, RightsRequestRow
from shared.caller import sibling
from shared.contracts.destructions import AwaitedStudents, ToDestroy
from shared.database import ReadOnly
from shared.internal_token import Principal
from shared.problems import responses

router = APIRouter(prefix="/internal/destructions", tags=["internal"])


@router.post("/awaited", responses=responses(NoSuchClearance))
async def read_awaited(asked: ToDestroy, tx: ReadOnly, _: Annotated[Principal, sibling("records")]) -> AwaitedStudents:
    """Of which students nothing may be destroyed now, though it may have been cleared before."""
    return await awaited(tx, asked)


async def awaited(tx: AsyncSession, asked: ToDestroy) -> AwaitedStudents:
    """Those whose records somebody waits to inspect, here or at the state agency. Raises NoSuchClearance for one that is not theirs."""
    if asked.clearance is not None:
        await _require_cleared(tx, asked.clearance, asked.students)
    query = select(RightsRequestRow.student_id).where(
        RightsRequestRow.kind == "inspection", RightsRequestRow.student_id.in_(asked.students), is_outstanding("inspection")
    )
    return AwaitedStudents(students=tuple(sorted((await tx.scalars(query.distinct())).all())))


async def _require_cleared(tx: AsyncSession, clearance: UUID, students: Collection[UUID]) -> None:
    student = (await tx.scalars(select(DestructionRow.student_id).where(DestructionRow.id == clearance))).one_or_none()
    if {student} != set(students):
        raise NoSuchClearance
