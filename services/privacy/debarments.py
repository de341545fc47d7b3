"""Debarments: findings that close one agency's records to a party for at least five years (34 CFR 99.67(c)-(e))."""

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy import Connection, Row, Select, bindparam, select

from safepassage.ids import uuid7
from safepassage.problems.privacy import NoSuchDebarment
from safepassage.problems.requests import NotPermitted
from safepassage.wire_lists import DebarmentPage
from safepassage.wire_policy import Debarment, NewDebarment
from services.privacy.behind import event_of
from services.privacy.tables import DebarmentRow
from shared.asked_once import rows_once
from shared.caller import Caller, caller_with
from shared.contracts.audit import Context
from shared.cursors import Cursor, Cursors, Limit, next_link
from shared.database import ReadOnly, Transaction
from shared.idempotency import Once
from shared.problems import responses
from shared.request_clock import Now

router = APIRouter(prefix="/v1/debarments", tags=["debarments"])

Writer = Annotated[Caller, caller_with("debarments:write")]


@router.post("", status_code=201, responses=responses(NotPermitted))
async def record_debarment(
    new: NewDebarment, request: Request, caller: Writer, tx: Transaction, now: Now, once: Annotated[Once, Depends()]
) -> Debarment:
    """Put a finding on record. From its first instant the party gets nothing that the named agency made, whatever the basis."""
    _require_state_agency(caller)
    earlier = await once.earlier(tx, caller, "record_debarment")
    if earlier is not None:
        return _debarment((await tx.execute(select(DebarmentRow).where(DebarmentRow.id == earlier))).scalar_one())
    row = DebarmentRow(
        id=uuid7(now), party=new.party, begins_at=new.begins_at, until=new.until, recorded_at=now, whole=new.model_dump_json()
    )
    tx.add(row)
    await once.keep(tx, caller, "record_debarment", row.id, now)
    context = Context(operation="debarment-recorded", recipient_organisation=new.party)
    request.app.state.outbox.record(tx, event_of("policy", f"debarment:{row.id}", caller, context))
    return _debarment(row)


@router.get("", responses=responses(NotPermitted))
async def list_debarments(
    request: Request, response: Response, caller: Writer, tx: ReadOnly, limit: Limit = 100, cursor: Cursor = None
) -> DebarmentPage:
    """The debarments on record, in the order in which they were recorded."""
    _require_state_agency(caller)
    cursors: Cursors = request.app.state.cursors
    bound_to = f"list_debarments:{caller.client_id}"
    query = select(DebarmentRow).order_by(DebarmentRow.id).limit(limit + 1)
    position = cursors.read(cursor, bound_to=bound_to)
    if position is not None:
        query = query.where(DebarmentRow.id > UUID(position["id"]))
    rows = (await tx.scalars(query)).all()
    following = None
    if len(rows) > limit:
        following = cursors.sign({"id": str(rows[limit - 1].id)}, bound_to=bound_to)
        response.headers["link"] = next_link(request.url.path, {"limit": limit, "cursor": following})
    return DebarmentPage(debarments=tuple(_debarment(row) for row in rows[:limit]), next=following)


@router.get("/{debarment_id}", responses=responses(NoSuchDebarment, NotPermitted))
async def read_debarment(debarment_id: UUID, caller: Writer, tx: ReadOnly) -> Debarment:
    """A debarment on record."""
    _require_state_agency(caller)
    row = (await tx.execute(select(DebarmentRow).where(DebarmentRow.id == debarment_id))).scalar_one_or_none()
    if row is None:
        raise NoSuchDebarment
    return _debarment(row)


def recorded_against(is_meant: Callable[[Any], Any]) -> Select[UUID, datetime, str]:
    """The findings against those parties. `is_meant`: the condition, of the column."""
    query = select(DebarmentRow.id, DebarmentRow.recorded_at, DebarmentRow.whole)
    return query.where(is_meant(DebarmentRow.party)).order_by(DebarmentRow.id)


AGAINST = recorded_against(lambda party: party.in_(bindparam("parties", expanding=True)))


def debarments_of(connection: Connection, parties: Collection[str]) -> tuple[Debarment, ...]:
    """Every finding against one of the parties, of any time."""
    return tuple(_debarment(row) for row in rows_once(connection, AGAINST, {"parties": sorted(parties)}))


def _require_state_agency(caller: Caller) -> None:
    if caller.kind != "sea":
        raise NotPermitted("the state agency records debarments, upon the finding of the Department's office")


def _debarment(row: DebarmentRow | Row[UUID, datetime, str]) -> Debarment:
    new = NewDebarment.model_validate_json(row.whole)
    return Debarment(**new.model_dump(), id=row.id, recorded_at=row.recorded_at)
