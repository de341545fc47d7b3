"""`/v1/log/holds`: what is in dispute is not destroyed, whoever approves it. Placing, lifting and listing are entries of the log."""

from collections.abc import Sequence
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.ids import uuid7
from safepassage.problems.log import LogFrozen
from safepassage.problems.requests import InvalidRequest, LogUnavailable, NotPermitted
from safepassage.problems.retention import HoldLifted, NoSuchHold
from safepassage.wire_retention import LegalHold, LegalHoldLift, LegalHoldPage, NewLegalHold
from services.audit.driver import Driver
from services.audit.retention.acts import actor_for, earlier_act, record_act
from services.audit.retention.rules import Hold
from services.audit.retention.sealed_students import seal_student, student_of
from services.audit.search_log import record_search
from services.audit.subject_keys import SubjectKeys
from services.audit.tables import HoldRow, OrganisationRow
from shared.caller import Caller, caller_with
from shared.cursors import Cursor, Cursors, Limit, next_link
from shared.database import Database
from shared.idempotency import Once
from shared.problems import responses
from shared.request_clock import Now
from shared.tenancy import within

router = APIRouter(prefix="/v1/log/holds", tags=["retention"])

Holder = Annotated[Caller, caller_with("retention:hold")]
OneAct = Annotated[Once, Depends()]

AT_ONCE: Final = 1_000
"""Holds that are opened to find a student's: whom each names is sealed, and nothing in clear tells two of one student."""


@router.post("", status_code=201, responses=responses(NotPermitted, InvalidRequest, LogFrozen, LogUnavailable))
async def place_legal_hold(new: NewLegalHold, request: Request, caller: Holder, now: Now, once: OneAct) -> LegalHold:
    """Place a legal hold. From the answer on nothing that it names is destroyed, until it is lifted."""
    state = request.app.state
    earlier = await earlier_act(state.database, once, caller, "place_legal_hold")
    if earlier is not None:
        return await _read(state, earlier)
    official = new.acting_official
    actor = actor_for(caller, official, now)
    hold_id = uuid7(now)
    about = f"hold:{hold_id}:{official.pairwise_id}"
    await record_act(
        state.sequencer, actor, key=f"{about}:placed", operation="hold-placed", about=about, student=new.student_id, reason=new.reason
    )
    async with state.database.transaction() as tx:
        await lock_logs(tx)
        row = HoldRow(
            id=hold_id,
            sealed_student=None if new.student_id is None else await _sealed(tx, state.keys, new.student_id, hold_id),
            placed_at=now,
            placed_by=official.pairwise_id,
            **new.model_dump(exclude={"student_id", "acting_official"}),
        )
        tx.add(row)
        await once.keep(tx, caller, "place_legal_hold", hold_id, now)
    return _shown(row, new.student_id)


@router.get("", responses=responses(NotPermitted, LogFrozen, LogUnavailable))
async def list_legal_holds(
    request: Request,
    response: Response,
    caller: Holder,
    now: Now,
    limit: Limit = 100,
    cursor: Cursor = None,
    student_id: Annotated[UUID | None, Query(description="Only those that name this student.")] = None,
) -> LegalHoldPage:
    """Legal holds, newest first; those that were lifted too."""
    cursors: Cursors = request.app.state.cursors
    database: Database = request.app.state.database
    bound_to = f"holds:{caller.client_id}:{student_id}"
    position = cursors.read(cursor, bound_to=bound_to)
    async with database.reading() as tx:
        shown = await _found(tx, request.app.state.keys, student_id, None if position is None else UUID(position["id"]), limit + 1)
    told = tuple(shown[:limit])
    await record_search(request.app.state.sequencer, caller, operation="holds-listed", student_id=student_id, count=len(told), now=now)
    if len(shown) > limit:
        signed = cursors.sign({"id": str(shown[limit - 1].id)}, bound_to=bound_to)
        asked: dict[str, str | int] = {"limit": limit, **({} if student_id is None else {"student_id": str(student_id)}), "cursor": signed}
        response.headers["link"] = next_link("/v1/log/holds", asked)
    return LegalHoldPage(holds=told)


async def _found(tx: AsyncSession, keys: SubjectKeys, student_id: UUID | None, after: UUID | None, limit: int) -> list[LegalHold]:
    """Holds placed before the one `after`, the newest first, until `limit` of those that are asked for were found."""
    query = select(HoldRow).order_by(HoldRow.id.desc())
    if student_id is not None:
        query = query.where(HoldRow.sealed_student.is_not(None))
    found: list[LegalHold] = []
    at_once = limit if student_id is None else AT_ONCE
    while len(found) < limit:
        rows = (await tx.scalars((query if after is None else query.where(HoldRow.id < after)).limit(at_once))).all()
        opened = [(row, await student_of(tx, keys, row)) for row in rows]
        found += [_shown(row, student) for row, student in opened if student_id in (None, student)]
        if len(rows) < at_once:
            break
        after = rows[-1].id
    return found[:limit]


@router.post("/{hold_id}/lift", responses=responses(NotPermitted, InvalidRequest, NoSuchHold, HoldLifted, LogFrozen, LogUnavailable))
async def lift_legal_hold(hold_id: UUID, lift: LegalHoldLift, request: Request, caller: Holder, now: Now, once: OneAct) -> LegalHold:
    """Lift a legal hold. It stays on record."""
    state = request.app.state
    if await earlier_act(state.database, once, caller, "lift_legal_hold") is not None:
        return await _read(state, hold_id)
    official = lift.acting_official
    actor = actor_for(caller, official, now)
    async with state.database.reading() as tx:
        held = await _open_hold(tx, hold_id)
        student = await student_of(tx, state.keys, held)
    about = f"hold:{hold_id}:{official.pairwise_id}"
    await record_act(
        state.sequencer, actor, key=f"{about}:lifted", operation="hold-lifted", about=about, student=student, reason=lift.reason
    )
    async with state.database.transaction() as tx:
        await lock_logs(tx)
        row = await _open_hold(tx, hold_id)
        row.lifted_at, row.lifted_by, row.lifted_because = now, official.pairwise_id, lift.reason
        await once.keep(tx, caller, "lift_legal_hold", hold_id, now)
    return _shown(row, student)


async def holds_in_force(tx: AsyncSession, keys: SubjectKeys) -> list[Hold]:
    """Every hold that was not lifted."""
    holds = []
    for row in (await tx.scalars(select(HoldRow).where(HoldRow.lifted_at.is_(None)).order_by(HoldRow.id))).all():
        organisations = None
        if row.organisation_id is not None:
            below: Sequence[Any] = (await tx.scalars(within(OrganisationRow, row.organisation_id))).all()
            organisations = frozenset({row.organisation_id, *below})
        holds.append(Hold(row.id, await student_of(tx, keys, row), organisations, row.logged_from, row.logged_until))
    return holds


async def lock_logs(tx: AsyncSession) -> int:
    """Take the lock of every log: no hold is placed, nothing is appended, while a destruction looks whether it may. Gives the last time.

    # INVARIANT: a hold is in force before its answer, and a destruction reads the holds behind the same lock.
    """
    query = "SELECT last_t FROM tree_state ORDER BY log"
    rows = await tx.run_sync(lambda session: Driver(session.connection()).locked(query))
    return max((last_t for (last_t,) in rows), default=0)


async def _read(state: Any, hold_id: UUID) -> LegalHold:
    async with state.database.reading() as tx:
        row = await tx.get_one(HoldRow, hold_id)
        return _shown(row, await student_of(tx, state.keys, row))


async def _open_hold(tx: AsyncSession, hold_id: UUID) -> HoldRow:
    row = await tx.get(HoldRow, hold_id)
    if row is None:
        raise NoSuchHold
    if row.lifted_at is not None:
        raise HoldLifted
    return row


async def _sealed(tx: AsyncSession, keys: SubjectKeys, student: UUID, of: UUID) -> bytes:
    return await tx.run_sync(lambda session: seal_student(Driver(session.connection()), keys, student, of=of))


def _shown(row: HoldRow, student: UUID | None) -> LegalHold:
    members = {name: getattr(row, name) for name in LegalHold.model_fields if name != "student_id"}
    return LegalHold(student_id=student, **members)
