"""`/v1/log/destructions`: asked for by one official, approved by two others, and a day later carried out unless somebody calls it off."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request, Response
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.ids import uuid7
from safepassage.problems.log import LogFrozen
from safepassage.problems.requests import InvalidRequest, LogUnavailable, NotPermitted
from safepassage.problems.retention import (
    AskerApproves,
    DestructionApprovedAlready,
    DestructionNotOpen,
    NoSuchLogDestruction,
    NothingMayBeDestroyed,
    PreviewDiffers,
    RecordsNotShownEnded,
)
from safepassage.wire_retention import (
    DestructionPreview,
    LogDestruction,
    LogDestructionCallOff,
    LogDestructionPage,
    NewLogDestruction,
    NewLogDestructionApproval,
    RetentionClasses,
)
from services.audit.driver import Driver
from services.audit.retention.acts import actor_for, earlier_act, record_act
from services.audit.retention.assessing import Named, assess, ended, preview_of
from services.audit.retention.classes import classes_with, periods
from services.audit.retention.destructions import APPROVALS, approvals_of, destruction_of, read_destruction
from services.audit.retention.holds import OneAct
from services.audit.retention.sealed_students import seal_student, student_of
from services.audit.search_log import record_search
from services.audit.tables import DestructionApprovalRow, DestructionRow, TreeStateRow
from shared.caller import Caller, caller_with
from shared.cursors import Cursor, Cursors, Limit, next_link
from shared.officials import as_known
from shared.problems import responses
from shared.request_clock import Now

router = APIRouter(prefix="/v1/log", tags=["retention"])

Reader = Annotated[Caller, caller_with("retention:hold", "retention:destroy", "retention:approve")]
Asker = Annotated[Caller, caller_with("retention:destroy")]
Approver = Annotated[Caller, caller_with("retention:approve")]

_LOG = (LogFrozen, LogUnavailable)


@router.get("/retention-classes", responses=responses(NotPermitted))
async def list_retention_classes(request: Request, _: Reader) -> RetentionClasses:
    """How long what is sealed of each class of entries is kept."""
    return RetentionClasses(classes=classes_with(request.app.state.settings.retention_years))


@router.post(
    "/destructions",
    status_code=201,
    responses=responses(NotPermitted, InvalidRequest, NothingMayBeDestroyed, RecordsNotShownEnded, *_LOG),
)
async def ask_log_destruction(new: NewLogDestruction, request: Request, caller: Asker, now: Now, once: OneAct) -> LogDestruction:
    """Ask for a destruction. The answer has its preview: what would be destroyed, and what is kept and why."""
    state = request.app.state
    earlier = await earlier_act(state.database, once, caller, "ask_log_destruction")
    if earlier is not None:
        return await read_destruction(state, earlier)
    official = new.acting_official
    actor = actor_for(caller, official, now)
    named = Named(new.student_id, new.school_years, new.records_ended_on, new.clearance_id)
    async with state.database.reading() as tx:
        last_t = await tx.scalar(select(func.max(TreeStateRow.last_t))) or 0
        if new.clearance_id is not None and not await ended(tx, state.keys, named, now):
            raise RecordsNotShownEnded
        years = periods(state.settings.retention_years)
        preview = preview_of(await assess(tx, state.keys, named, years=years, last_t=last_t, now=now), new.school_years)
    if all(year.kept_because for year in preview.years):
        raise NothingMayBeDestroyed(
            ", ".join(sorted({reason for year in preview.years for reason in year.kept_because})) or "nothing-sealed"
        )
    destruction_id = uuid7(now)
    about = f"destruction:{destruction_id}:{official.pairwise_id}"
    count = sum(year.entries for year in preview.years if not year.kept_because)
    await record_act(
        state.sequencer,
        actor,
        key=f"{about}:asked",
        operation="destruction-asked",
        about=about,
        student=new.student_id,
        reason=new.basis,
        count=count,
    )
    row = DestructionRow(
        id=destruction_id,
        state="asked",
        of_student=new.student_id is not None,
        basis=new.basis,
        reference=new.reference,
        records_ended_on=new.records_ended_on,
        clearance_id=new.clearance_id,
        asked_by=official.pairwise_id,
        asked_at=now,
        preview=preview.model_dump_json(),
    )
    async with state.database.transaction() as tx:
        if new.student_id is not None:
            student = new.student_id
            row.sealed_student = await tx.run_sync(
                lambda session: seal_student(Driver(session.connection()), state.keys, student, of=destruction_id)
            )
        tx.add(row)
        await once.keep(tx, caller, "ask_log_destruction", destruction_id, now)
    return await read_destruction(state, destruction_id)


@router.get("/destructions", responses=responses(NotPermitted, *_LOG))
async def list_log_destructions(
    request: Request, response: Response, caller: Reader, now: Now, limit: Limit = 100, cursor: Cursor = None
) -> LogDestructionPage:
    """Destructions, newest first."""
    state = request.app.state
    cursors: Cursors = state.cursors
    bound_to = f"log-destructions:{caller.client_id}"
    position = cursors.read(cursor, bound_to=bound_to)
    async with state.database.reading() as tx:
        query = select(DestructionRow).order_by(DestructionRow.id.desc()).limit(limit + 1)
        rows = (await tx.scalars(query if position is None else query.where(DestructionRow.id < UUID(position["id"])))).all()
        shown = [await destruction_of(tx, state, row) for row in rows[:limit]]
    await record_search(state.sequencer, caller, operation="log-destructions-listed", student_id=None, count=len(shown), now=now)
    if len(rows) > limit:
        signed = cursors.sign({"id": str(shown[-1].id)}, bound_to=bound_to)
        response.headers["link"] = next_link("/v1/log/destructions", {"limit": limit, "cursor": signed})
    return LogDestructionPage(destructions=tuple(shown))


@router.get("/destructions/{destruction_id}", responses=responses(NotPermitted, NoSuchLogDestruction, *_LOG))
async def read_log_destruction(destruction_id: UUID, request: Request, caller: Reader, now: Now) -> LogDestruction:
    """A destruction: how far it is, with its preview, and once it was carried out its certificate and its entry of the log."""
    state = request.app.state
    destruction = await read_destruction(state, destruction_id)
    # INVARIANT: reading of a student's destruction leaves nothing more about the student behind
    await record_search(state.sequencer, caller, operation="log-destruction-read", student_id=None, count=1, now=now)
    return destruction


@router.post(
    "/destructions/{destruction_id}/approvals",
    status_code=201,
    responses=responses(
        NotPermitted,
        InvalidRequest,
        NoSuchLogDestruction,
        DestructionNotOpen,
        AskerApproves,
        DestructionApprovedAlready,
        PreviewDiffers,
        *_LOG,
    ),
)
async def approve_log_destruction(
    destruction_id: UUID, new: NewLogDestructionApproval, request: Request, caller: Approver, now: Now, once: OneAct
) -> LogDestruction:
    """Approve a destruction, as an official who did not ask for it. The second approval starts the day after which it is carried out."""
    state = request.app.state
    if await earlier_act(state.database, once, caller, "approve_log_destruction") is not None:
        return await read_destruction(state, destruction_id)
    actor = actor_for(caller, new.acting_official, now)
    official = as_known(caller.claims, new.acting_official)
    async with state.database.reading() as tx:
        row = await _approvable(tx, destruction_id, new)
        student = await student_of(tx, state.keys, row)
    about = f"destruction:{destruction_id}:{official.pairwise_id}"
    key = f"{about}:approved"
    await record_act(state.sequencer, actor, key=key, operation="destruction-approved", about=about, student=student, reason=row.basis)
    try:
        async with state.database.transaction() as tx:
            row = await _approvable(tx, destruction_id, new, lock=True)
            tx.add(
                DestructionApprovalRow(
                    destruction_id=row.id,
                    official=official.pairwise_id,
                    asked_by=row.asked_by,
                    role=official.role,
                    at=now,
                    client_id=caller.client_id,
                )
            )
            await tx.flush()
            if len(await approvals_of(tx, row)) >= APPROVALS and row.state == "asked":
                row.state, row.approved_at = "approved", now
            await once.keep(tx, caller, "approve_log_destruction", destruction_id, now)
    except IntegrityError as error:  # INVARIANT: once for each official, and never the asker
        raise DestructionApprovedAlready from error
    return await read_destruction(state, destruction_id)


@router.post(
    "/destructions/{destruction_id}/call-off",
    responses=responses(NotPermitted, InvalidRequest, NoSuchLogDestruction, DestructionNotOpen, *_LOG),
)
async def call_off_log_destruction(
    destruction_id: UUID, call_off: LogDestructionCallOff, request: Request, caller: Reader, now: Now, once: OneAct
) -> LogDestruction:
    """Call a destruction off before it is carried out: any official may, without another's approval."""
    state = request.app.state
    if await earlier_act(state.database, once, caller, "call_off_log_destruction") is not None:
        return await read_destruction(state, destruction_id)
    official = call_off.acting_official
    actor = actor_for(caller, official, now)
    async with state.database.reading() as tx:
        row = await _open_destruction(tx, destruction_id)
        student = await student_of(tx, state.keys, row)
    about = f"destruction:{destruction_id}:{official.pairwise_id}"
    key = f"{about}:called-off"
    await record_act(state.sequencer, actor, key=key, operation="destruction-called-off", about=about, student=student)
    async with state.database.transaction() as tx:
        row = await _open_destruction(tx, destruction_id, lock=True)
        row.state, row.called_off_at, row.sealed_student = "called-off", now, None
        await once.keep(tx, caller, "call_off_log_destruction", destruction_id, now)
    return await read_destruction(state, destruction_id)


async def _open_destruction(tx: AsyncSession, destruction_id: UUID, *, lock: bool = False) -> DestructionRow:
    row = await tx.get(DestructionRow, destruction_id, with_for_update=lock)
    if row is None:
        raise NoSuchLogDestruction
    if row.state not in ("asked", "approved"):
        raise DestructionNotOpen(row.state)
    return row


async def _approvable(tx: AsyncSession, destruction_id: UUID, new: NewLogDestructionApproval, *, lock: bool = False) -> DestructionRow:
    row = await _open_destruction(tx, destruction_id, lock=lock)
    official = new.acting_official.pairwise_id
    if official == row.asked_by:
        raise AskerApproves
    if any(one.official == official for one in await approvals_of(tx, row)):
        raise DestructionApprovedAlready
    if new.preview != DestructionPreview.model_validate_json(row.preview).digest:
        raise PreviewDiffers(field="preview")
    return row
