"""What records asks at the moment it destroys: a clearance is older, and a request to inspect may have come since (34 CFR 99.10(e))."""

from collections.abc import Collection
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.problems.rights import NoSuchClearance
from services.privacy.destructions import open_clearance
from services.privacy.repeated_opt_outs import said_here_alone
from services.privacy.rights import is_outstanding
from services.privacy.sealing import Sealer
from services.privacy.tables import DestructionRow, RightsRequestRow
from shared.caller import sibling
from shared.contracts.destructions import AwaitedStudents, ToDestroy
from shared.database import ReadOnly
from shared.internal_token import Principal
from shared.problems import responses

router = APIRouter(prefix="/internal/destructions", tags=["internal"])


@router.post("/awaited", responses=responses(NoSuchClearance))
async def read_awaited(asked: ToDestroy, request: Request, tx: ReadOnly, _: Annotated[Principal, sibling("records")]) -> AwaitedStudents:
    """Of which students nothing may be destroyed now, though it may have been cleared before; and what a clearance keeps."""
    return await awaited(tx, request.app.state.sealer, asked)


async def awaited(tx: AsyncSession, sealer: Sealer, asked: ToDestroy) -> AwaitedStudents:
    """Those whose records somebody waits to inspect, here or at the state agency. Raises NoSuchClearance for one that is not theirs."""
    keeps = asked.clearance is not None and await _keeps_permanent_record(tx, sealer, asked.clearance, asked.students)
    query = select(RightsRequestRow.student_id).where(
        RightsRequestRow.kind == "inspection", RightsRequestRow.student_id.in_(asked.students), is_outstanding("inspection")
    )
    waiting = tuple(sorted((await tx.scalars(query.distinct())).all()))
    alone = await said_here_alone(tx, sealer, asked.students) if asked.whole else ()
    return AwaitedStudents(students=waiting, said_here_alone=alone, keeps_permanent_record=keeps)


async def _keeps_permanent_record(tx: AsyncSession, sealer: Sealer, clearance: UUID, students: Collection[UUID]) -> bool:
    row = (await tx.scalars(select(DestructionRow).where(DestructionRow.id == clearance))).one_or_none()
    if row is None or {row.student_id} != set(students):
        raise NoSuchClearance
    return open_clearance(sealer, row).keeps_permanent_record
