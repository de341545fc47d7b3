"""Hearings on amendments that were refused: what 34 CFR 99.22 asks for is checked on evidence before a decision counts (99.21)."""

from dataclasses import replace
from datetime import datetime
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Request

from safepassage.problems.privacy import RightsNotHeld
from safepassage.problems.rights import HearingShort, NoSuchRightsRequest, NotTheOriginatingAgency, RequestIncomplete, StepNotPossible
from safepassage.wire_rights import Hearing, HearingDecision, HearingRecord, HearingSchedule, NewHearing
from services.privacy.amendments import refused_by, require_decides
from services.privacy.clocks import hearing_shortcomings
from services.privacy.duties import Clock, end_duties, start_duties
from services.privacy.rights import (
    Held,
    Said,
    Staff,
    acting_person,
    add_event,
    add_request,
    held_request,
    open_request,
    received_at,
    tell,
    zone_name_of,
)
from services.privacy.sealing import Sealer
from shared.caller import Caller
from shared.clock import Now
from shared.database import ReadOnly, Transaction
from shared.idempotency import Once
from shared.problems import responses

router = APIRouter(prefix="/v1/hearings", tags=["rights"])

_STEP = responses(NoSuchRightsRequest, NotTheOriginatingAgency, StepNotPossible, RequestIncomplete)


@router.post("", status_code=201, responses=responses(NoSuchRightsRequest, RightsNotHeld, StepNotPossible, RequestIncomplete))
async def request_hearing(
    new: NewHearing, request: Request, caller: Staff, tx: Transaction, now: Now, once: Annotated[Once, Depends()]
) -> Hearing:
    """Ask for a hearing on an amendment that was refused, 99.21(a)."""
    sealer: Sealer = request.app.state.sealer
    earlier = await once.earlier(tx, caller, "request_hearing")
    if earlier is not None:
        return hearing_of(sealer, await held_request(tx, sealer, caller, "hearing", earlier))
    amendment = await held_request(tx, sealer, caller, "amendment", new.amendment_id, for_update=True)
    await acting_person(tx, sealer, caller, amendment.row.student_id, new.acting_for, now)
    said = Said(evidence_ref=new.request_ref, acting_for=new.acting_for)
    await add_event(tx, sealer, caller, amendment, "hearing-requested", said, now)
    custodian_id, student_id = amendment.row.custodian_id, amendment.row.student_id
    zone_name = await zone_name_of(tx, custodian_id)
    clock = Clock("hold-hearing", custodian_id, zone_name, received_at(new.received_on, zone_name, now=now), student_id=student_id)
    row = await add_request(
        tx,
        sealer,
        caller,
        kind="hearing",
        student_id=student_id,
        custodian_id=custodian_id,
        about_id=amendment.row.id,
        overdue_at=clock.overdue_at,
        whole=new,
        now=now,
    )
    await start_duties(tx, sealer, [replace(clock, about=f"hearing:{row.id}")], now=now)
    told = (f"amendment:{amendment.row.id}", ("inform-of-hearing-right",))
    await end_duties(tx, sealer, caller, about=told[0], kinds=told[1], evidence_ref=new.request_ref, now=now)
    await once.keep(tx, caller, "request_hearing", row.id, now)
    tell(request, tx, caller, row, "requested", reason=None, acting_for=new.acting_for.person_id)
    return hearing_of(sealer, Held(row, ()))


@router.get("/{hearing_id}", responses=responses(NoSuchRightsRequest))
async def read_hearing(hearing_id: UUID, request: Request, caller: Staff, tx: ReadOnly) -> Hearing:
    """A hearing, and what happened in it."""
    sealer: Sealer = request.app.state.sealer
    return hearing_of(sealer, await held_request(tx, sealer, caller, "hearing", hearing_id))


@router.post("/{hearing_id}/schedule", responses=_STEP)
async def schedule_hearing(
    hearing_id: UUID,
    schedule: HearingSchedule,
    request: Request,
    caller: Staff,
    tx: Transaction,
    now: Now,
    once: Annotated[Once, Depends()],
) -> Hearing:
    """Set date, time, place and who conducts it, with the notice that was given of them; again if it has to be moved."""
    sealer: Sealer = request.app.state.sealer
    earlier = await once.earlier(tx, caller, "schedule_hearing")
    held = await _callers(tx, sealer, caller, earlier or hearing_id)
    if earlier is not None:
        return hearing_of(sealer, held)
    await require_decides(tx, sealer, caller, await _amendment(tx, sealer, caller, held))
    said = Said(evidence_ref=schedule.notice_ref, official=schedule.officer.pairwise_id, form=schedule.model_dump(mode="json"))
    held = await add_event(tx, sealer, caller, held, "scheduled", said, now)
    await once.keep(tx, caller, "schedule_hearing", held.row.id, now)
    tell(request, tx, caller, held.row, "scheduled", reason=None, acting_for=None)
    return hearing_of(sealer, held)


@router.post("/{hearing_id}/record", responses=_STEP)
async def record_hearing(
    hearing_id: UUID,
    record: HearingRecord,
    request: Request,
    caller: Staff,
    tx: Transaction,
    now: Now,
    once: Annotated[Once, Depends()],
) -> Hearing:
    """Put on record that it was held; the clock of its decision starts."""
    sealer: Sealer = request.app.state.sealer
    earlier = await once.earlier(tx, caller, "record_hearing")
    held = await _callers(tx, sealer, caller, earlier or hearing_id)
    if earlier is not None:
        return hearing_of(sealer, held)
    await require_decides(tx, sealer, caller, await _amendment(tx, sealer, caller, held))
    if record.held_at > now:
        raise RequestIncomplete("it was held before it is recorded", field="held_at")
    said = Said(evidence_ref=record.opportunity_ref, form=record.model_dump(mode="json"))
    held = await add_event(tx, sealer, caller, held, "held", said, now)
    await _next_duty(tx, sealer, caller, held, "hold-hearing", "decide-hearing", record.opportunity_ref, record.held_at, now)
    await once.keep(tx, caller, "record_hearing", held.row.id, now)
    tell(request, tx, caller, held.row, "held", reason=None, acting_for=None)
    return hearing_of(sealer, held)


@router.post("/{hearing_id}/decision", responses=_STEP | responses(HearingShort, RequestIncomplete))
async def decide_hearing(
    hearing_id: UUID,
    decision: HearingDecision,
    request: Request,
    caller: Staff,
    tx: Transaction,
    now: Now,
    once: Annotated[Once, Depends()],
) -> Hearing:
    """Decide, in writing and on the evidence alone: the record is amended, or stands. Refused while a condition of 99.22 is not met."""
    sealer: Sealer = request.app.state.sealer
    earlier = await once.earlier(tx, caller, "decide_hearing")
    held = await _callers(tx, sealer, caller, earlier or hearing_id)
    if earlier is not None:
        return hearing_of(sealer, held)
    amendment = await _amendment(tx, sealer, caller, held)
    await require_decides(tx, sealer, caller, amendment)
    held.require_step(decision.outcome)
    zone_name = await zone_name_of(tx, held.row.custodian_id)
    hearing = hearing_of(sealer, held)
    if hearing.schedule is None or hearing.record is None:
        raise StepNotPossible
    short = hearing_shortcomings(
        schedule=hearing.schedule,
        record=hearing.record,
        decision=decision,
        refused_by=refused_by(amendment),
        zone=ZoneInfo(zone_name),
        now=now,
    )
    if short:
        raise HearingShort("; ".join(f"{one.what}: {one.citation}" for one in short), field=short[0].field)
    said = Said(evidence_ref=decision.reasons_ref, official=decision.officer_pairwise_id, form=decision.model_dump(mode="json"))
    held = await add_event(tx, sealer, caller, held, decision.outcome, said, now)
    begins_at = received_at(decision.decided_on, zone_name, now=now)
    then = "amend-record" if decision.outcome == "amend" else "inform-of-statement-right"
    await _next_duty(tx, sealer, caller, held, "decide-hearing", then, decision.reasons_ref, begins_at, now)
    await once.keep(tx, caller, "decide_hearing", held.row.id, now)
    tell(request, tx, caller, held.row, "decided", reason=decision.outcome, acting_for=None)
    return hearing_of(sealer, held)


def hearing_of(sealer: Sealer, held: Held) -> Hearing:
    """The hearing as it is said aloud."""
    new = NewHearing.model_validate_json(open_request(sealer, held.row))
    forms = {name: held.last(*kinds) for name, kinds in _FORMS.items()}
    row = held.row
    members = {"id": row.id, "student_id": row.student_id, "custodian_id": row.custodian_id, "overdue_at": row.overdue_at}
    whole = new.model_dump(mode="json") | {name: None if one is None else one.said.form for name, one in forms.items()}
    return Hearing.model_validate(whole | members | {"state": held.state, "events": held.events})


_FORMS = {"schedule": ("scheduled",), "record": ("held",), "decision": ("amend", "stands")}


async def _callers(tx: Transaction, sealer: Sealer, caller: Caller, hearing_id: UUID) -> Held:
    return await held_request(tx, sealer, caller, "hearing", hearing_id, for_update=True)


async def _amendment(tx: Transaction, sealer: Sealer, caller: Caller, held: Held) -> Held:
    if held.row.about_id is None:
        raise NoSuchRightsRequest
    return await held_request(tx, sealer, caller, "amendment", held.row.about_id)


async def _next_duty(  # one duty ends, the next begins
    tx: Transaction,
    sealer: Sealer,
    caller: Caller,
    held: Held,
    done: str,
    then: str,
    evidence_ref: str,
    begins_at: datetime,
    now: datetime,
) -> None:
    about, custodian_id = f"hearing:{held.row.id}", held.row.custodian_id
    await end_duties(tx, sealer, caller, about=about, kinds=(done,), evidence_ref=evidence_ref, now=now)
    zone_name = await zone_name_of(tx, custodian_id)
    await start_duties(tx, sealer, [Clock(then, custodian_id, zone_name, begins_at, about=about, student_id=held.row.student_id)], now=now)
