"""Requests to inspect and review education records: 45 days at most, no extension, and nothing is destroyed meanwhile (34 CFR 99.10)."""

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy import and_, or_

from safepassage.problems.privacy import RightsNotHeld
from safepassage.problems.records import NoSuchStudent
from safepassage.problems.requests import InvalidRequest, NotPermitted
from safepassage.problems.rights import IdentityCheckTooOld, NoSuchRightsRequest, RequestIncomplete, StepNotPossible
from safepassage.wire_policy import ActingFor
from safepassage.wire_rights import Inspection, InspectionPage, InspectionStep, NewInspection
from services.privacy.clocks import begins
from services.privacy.duties import Clock
from services.privacy.policy import rights_role
from services.privacy.rights import Held, Said, is_outstanding, lock_subject, visible_requests, with_events, zone_name_of
from services.privacy.rights_desk import Desk, OpenDesk, StaffFiles
from services.privacy.subjects import callers_subject, open_facts
from services.privacy.tables import RightsRequestRow
from shared.cursors import Cursor, Cursors, Limit, next_link
from shared.problems import responses

router = APIRouter(prefix="/v1/inspections", tags=["rights"])

KINDS = ("inspect-records", "inspect-records-before-meeting")


@router.post("", status_code=201, responses=responses(NoSuchStudent, RightsNotHeld, RequestIncomplete, IdentityCheckTooOld, InvalidRequest))
async def request_inspection(new: NewInspection, desk: OpenDesk) -> Inspection:
    """Put a request to inspect on record, at a district or at the state agency: the clock of 99.10(b) runs from its receipt."""
    earlier = await desk.earlier("request_inspection")
    if earlier is not None:
        return inspection_of(await desk.held("inspection", earlier))
    await desk.acting(new.student_id, new.acting_for, on=new.received_on)
    await lock_subject(desk.tx, new.student_id)
    custodian_id = desk.caller.organisation_id
    zone_name = await zone_name_of(desk.tx, custodian_id)
    clock = _clock(new, custodian_id, zone_name, await desk.received_at(new.received_on, zone_name))
    held = await desk.file("inspection", new, student_id=new.student_id, custodian_id=custodian_id, overdue_at=clock.overdue_at)
    await desk.start(replace(clock, about=held.about))
    await desk.close("request_inspection", held, "requested", reason=new.law, acting_for=new.acting_for)
    return inspection_of(held)


@router.get("", responses=responses(InvalidRequest))
async def list_inspections(
    files: StaffFiles,
    request: Request,
    response: Response,
    limit: Limit = 100,
    cursor: Cursor = None,
    state: Annotated[Literal["outstanding", "all"], Query(description="Which ones.")] = "outstanding",
) -> InspectionPage:
    """The requests to inspect of the caller's organisation and those below it, those due first in front."""
    cursors: Cursors = request.app.state.cursors
    bound_to = f"list_inspections:{files.caller.client_id}:{state}"
    query = visible_requests(files.caller, "inspection")
    if state == "outstanding":
        query = query.where(is_outstanding("inspection"))
    position = cursors.read(cursor, bound_to=bound_to)
    overdue_at = RightsRequestRow.overdue_at
    if position is not None:
        at, identifier = datetime.fromisoformat(position["at"]), UUID(position["id"])
        query = query.where(or_(overdue_at > at, and_(overdue_at == at, RightsRequestRow.id > identifier)))
    rows = (await files.tx.execute(query.order_by(overdue_at, RightsRequestRow.id).limit(limit + 1))).scalars().all()
    page = tuple(map(inspection_of, await with_events(files.tx, files.sealer, rows[:limit])))
    if len(rows) <= limit:
        return InspectionPage(inspections=page)
    following = cursors.sign({"at": page[-1].overdue_at.isoformat(), "id": str(page[-1].id)}, bound_to=bound_to)
    response.headers["link"] = next_link(request.url.path, {"limit": limit, "state": state, "cursor": following})
    return InspectionPage(inspections=page, next=following)


@router.get("/{inspection_id}", responses=responses(NoSuchRightsRequest))
async def read_inspection(inspection_id: UUID, files: StaffFiles) -> Inspection:
    """A request to inspect, and what happened to it."""
    return inspection_of(await files.held("inspection", inspection_id))


@router.post(
    "/{inspection_id}/steps",
    responses=responses(NoSuchRightsRequest, StepNotPossible, RightsNotHeld, RequestIncomplete, IdentityCheckTooOld, NotPermitted),
)
async def take_inspection_step(inspection_id: UUID, step: InspectionStep, desk: OpenDesk) -> Inspection:
    """What the agency did: explained, arranged, gave a copy, let them inspect; or a refusal under 99.12; or it was withdrawn."""
    if desk.caller.claims.family is not None and step.step != "withdrawn":
        raise NotPermitted("the agency says what it did")
    earlier = await desk.earlier("take_inspection_step")
    held = await desk.locked("inspection", earlier or inspection_id)
    if earlier is not None:
        return inspection_of(held)
    if step.acting_for is not None:
        await _require_may_withdraw(desk, held, step.acting_for)
    held = await desk.let_happen(held, step.step, Said(evidence_ref=step.evidence_ref, reason=step.reason, acting_for=step.acting_for))
    if held.state != "outstanding":
        await desk.end(held, *KINDS, evidence_ref=step.evidence_ref)
    await desk.close("take_inspection_step", held, step.step, reason=step.reason, acting_for=step.acting_for)
    return inspection_of(held)


def inspection_of(held: Held) -> Inspection:
    """The request as it is said aloud."""
    new = NewInspection.model_validate_json(held.whole)
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


async def _require_may_withdraw(desk: Desk, held: Held, acting_for: ActingFor) -> None:
    """Who asked may always take it back; so may whoever holds the student's rights now."""
    asked = NewInspection.model_validate_json(held.whole)
    facts = open_facts(desk.sealer, await callers_subject(desk.tx, desk.caller, held.row.student_id))
    person = acting_for.person_id
    desk.require_identified(acting_for)
    if not desk.caller.speaks_for(person) or (person != asked.acting_for.person_id and rights_role(facts, person, now=desk.now) is None):
        raise RightsNotHeld(field="acting_for.person_id")
