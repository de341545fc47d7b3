"""Requests to inspect and review education records: 45 days at most, no extension, and nothing is destroyed meanwhile (34 CFR 99.10)."""

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlalchemy import and_, or_

from safepassage.problems.privacy import RightsNotHeld
from safepassage.problems.records import NoSuchStudent
from safepassage.problems.requests import InvalidRequest
from safepassage.problems.rights import NoSuchRightsRequest, RequestIncomplete, StepNotPossible
from safepassage.wire_policy import ActingFor
from safepassage.wire_rights import Inspection, InspectionPage, InspectionStep, NewInspection
from services.privacy.clocks import begins
from services.privacy.duties import Clock, end_duties, start_duties
from services.privacy.policy import rights_role
from services.privacy.rights import (
    Held,
    Said,
    Staff,
    acting_person,
    add_event,
    add_request,
    held_request,
    is_outstanding,
    lock_subject,
    open_request,
    received_at,
    tell,
    visible_requests,
    with_events,
    zone_name_of,
)
from services.privacy.sealing import Sealer
from services.privacy.subjects import callers_subject, open_facts
from services.privacy.tables import RightsRequestRow
from shared.caller import Caller
from shared.clock import Now
from shared.cursors import Cursor, Cursors, Limit, next_link
from shared.database import ReadOnly, Transaction
from shared.idempotency import Once
from shared.problems import responses

router = APIRouter(prefix="/v1/inspections", tags=["rights"])

KINDS = ("inspect-records", "inspect-records-before-meeting")


@router.post("", status_code=201, responses=responses(NoSuchStudent, RightsNotHeld, RequestIncomplete, InvalidRequest))
async def request_inspection(
    new: NewInspection, request: Request, caller: Staff, tx: Transaction, now: Now, once: Annotated[Once, Depends()]
) -> Inspection:
    """Put a request to inspect on record, at a district or at the state agency: the clock of 99.10(b) runs from its receipt."""
    sealer: Sealer = request.app.state.sealer
    earlier = await once.earlier(tx, caller, "request_inspection")
    if earlier is not None:
        return inspection_of(sealer, await held_request(tx, sealer, caller, "inspection", earlier))
    await acting_person(tx, sealer, caller, new.student_id, new.acting_for, now)
    await lock_subject(tx, new.student_id)
    custodian_id = caller.organisation_id
    zone_name = await zone_name_of(tx, custodian_id)
    clock = _clock(new, custodian_id, zone_name, received_at(new.received_on, zone_name, now=now))
    row = await add_request(
        tx,
        sealer,
        caller,
        kind="inspection",
        student_id=new.student_id,
        custodian_id=custodian_id,
        overdue_at=clock.overdue_at,
        whole=new,
        now=now,
    )
    about = f"inspection:{row.id}"
    await start_duties(tx, sealer, [replace(clock, about=about)], now=now)
    await once.keep(tx, caller, "request_inspection", row.id, now)
    tell(request, tx, caller, row, "requested", reason=new.law, acting_for=new.acting_for.person_id)
    return inspection_of(sealer, Held(row, ()))


@router.get("", responses=responses(InvalidRequest))
async def list_inspections(
    caller: Staff,
    request: Request,
    response: Response,
    tx: ReadOnly,
    limit: Limit = 100,
    cursor: Cursor = None,
    state: Annotated[Literal["outstanding", "all"], Query(description="Which ones.")] = "outstanding",
) -> InspectionPage:
    """The requests to inspect of the caller's organisation and those below it, those due first in front."""
    cursors: Cursors = request.app.state.cursors
    bound_to = f"list_inspections:{caller.client_id}:{state}"
    query = visible_requests(caller, "inspection")
    if state == "outstanding":
        query = query.where(is_outstanding("inspection"))
    position = cursors.read(cursor, bound_to=bound_to)
    overdue_at = RightsRequestRow.overdue_at
    if position is not None:
        at, identifier = datetime.fromisoformat(position["at"]), UUID(position["id"])
        query = query.where(or_(overdue_at > at, and_(overdue_at == at, RightsRequestRow.id > identifier)))
    rows = (await tx.execute(query.order_by(overdue_at, RightsRequestRow.id).limit(limit + 1))).scalars().all()
    sealer: Sealer = request.app.state.sealer
    page = tuple(inspection_of(sealer, held) for held in await with_events(tx, sealer, rows[:limit]))
    if len(rows) <= limit:
        return InspectionPage(inspections=page)
    following = cursors.sign({"at": page[-1].overdue_at.isoformat(), "id": str(page[-1].id)}, bound_to=bound_to)
    response.headers["link"] = next_link(request.url.path, {"limit": limit, "state": state, "cursor": following})
    return InspectionPage(inspections=page, next=following)


@router.get("/{inspection_id}", responses=responses(NoSuchRightsRequest))
async def read_inspection(inspection_id: UUID, request: Request, caller: Staff, tx: ReadOnly) -> Inspection:
    """A request to inspect, and what happened to it."""
    sealer: Sealer = request.app.state.sealer
    return inspection_of(sealer, await held_request(tx, sealer, caller, "inspection", inspection_id))


@router.post("/{inspection_id}/steps", responses=responses(NoSuchRightsRequest, StepNotPossible, RightsNotHeld))
async def take_inspection_step(
    inspection_id: UUID,
    step: InspectionStep,
    request: Request,
    caller: Staff,
    tx: Transaction,
    now: Now,
    once: Annotated[Once, Depends()],
) -> Inspection:
    """What the agency did: explained, arranged, gave a copy, let them inspect; or a refusal under 99.12; or it was withdrawn."""
    sealer: Sealer = request.app.state.sealer
    earlier = await once.earlier(tx, caller, "take_inspection_step")
    held = await held_request(tx, sealer, caller, "inspection", earlier or inspection_id, for_update=True)
    if earlier is not None:
        return inspection_of(sealer, held)
    if step.acting_for is not None:
        await _require_may_withdraw(tx, sealer, caller, held, step.acting_for, now)
    said = Said(evidence_ref=step.evidence_ref, reason=step.reason, acting_for=step.acting_for)
    held = await add_event(tx, sealer, caller, held, step.step, said, now)
    if held.state != "outstanding":
        about = f"inspection:{held.row.id}"
        await end_duties(tx, sealer, caller, about=about, kinds=KINDS, evidence_ref=step.evidence_ref, now=now)
    await once.keep(tx, caller, "take_inspection_step", held.row.id, now)
    acting_for = None if step.acting_for is None else step.acting_for.person_id
    tell(request, tx, caller, held.row, step.step, reason=step.reason, acting_for=acting_for)
    return inspection_of(sealer, held)


def inspection_of(sealer: Sealer, held: Held) -> Inspection:
    """The request as it is said aloud."""
    new = NewInspection.model_validate_json(open_request(sealer, held.row))
    members = {"custodian_id": held.row.custodian_id, "state": held.state, "overdue_at": held.row.overdue_at, "events": held.events}
    return Inspection.model_validate(new.model_dump() | {"id": held.row.id} | members)


def _clock(new: NewInspection, custodian_id: UUID, zone_name: str, at: datetime) -> Clock:
    whole = Clock("inspect-records", custodian_id, zone_name, at, student_id=new.student_id)
    if new.before is None:
        return whole
    # before the day of the meeting, and in no case after the 45 days: 300.613(a)
    ends_at = min(whole.overdue_at, begins(new.before.on, ZoneInfo(zone_name)))
    if ends_at <= at:
        raise RequestIncomplete("the request came before the day of the meeting", field="before.on")
    return Clock("inspect-records-before-meeting", custodian_id, zone_name, at, student_id=new.student_id, ends_at=ends_at)


async def _require_may_withdraw(tx: Transaction, sealer: Sealer, caller: Caller, held: Held, acting_for: ActingFor, now: datetime) -> None:
    """Who asked may always take it back; so may whoever holds the student's rights now."""
    asked = NewInspection.model_validate_json(open_request(sealer, held.row))
    facts = open_facts(sealer, await callers_subject(tx, caller, held.row.student_id))
    if acting_for.person_id != asked.acting_for.person_id and rights_role(facts, acting_for.person_id, now=now) is None:
        raise RightsNotHeld(field="acting_for.person_id")
