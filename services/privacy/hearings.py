"""Hearings on amendments that were refused: what 34 CFR 99.22 asks for is checked on evidence before a decision counts (99.21)."""

from dataclasses import replace
from datetime import datetime
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter

from safepassage.problems.privacy import RightsNotHeld
from safepassage.problems.rights import (
    HearingShort,
    IdentityCheckTooOld,
    NoSuchRightsRequest,
    NotTheOriginatingAgency,
    RequestIncomplete,
    StepNotPossible,
)
from safepassage.wire_rights import Hearing, HearingDecision, HearingRecord, HearingSchedule, NewHearing
from services.privacy.amendments import refused_by, require_decides
from services.privacy.clocks import hearing_shortcomings
from services.privacy.duties import Clock
from services.privacy.rights import Held, Said, zone_name_of
from services.privacy.rights_desk import Desk, Files, OpenDesk, StaffDesk, StaffFiles
from shared.problems import responses

router = APIRouter(prefix="/v1/hearings", tags=["rights"])

DECIDE: Final = "decide-hearing"
"""The duty to decide once it was held: its clock begins with the hearing."""
_STEP = responses(NoSuchRightsRequest, NotTheOriginatingAgency, StepNotPossible, RequestIncomplete)


@router.post(
    "",
    status_code=201,
    responses=responses(NoSuchRightsRequest, RightsNotHeld, StepNotPossible, RequestIncomplete, IdentityCheckTooOld),
)
async def request_hearing(new: NewHearing, desk: OpenDesk) -> Hearing:
    """Ask for a hearing on an amendment that was refused, 99.21(a). A family member does it for themselves, about their own student."""
    earlier = await desk.earlier("request_hearing")
    if earlier is not None:
        return await told_hearing(desk, await desk.held("hearing", earlier))
    amendment = await desk.locked("amendment", new.amendment_id)
    custodian_id, student_id = amendment.row.custodian_id, amendment.row.student_id
    await desk.acting(student_id, new.acting_for, on=new.received_on)
    await desk.let_happen(amendment, "hearing-requested", Said(evidence_ref=new.request_ref, acting_for=new.acting_for))
    zone_name = await zone_name_of(desk.tx, custodian_id)
    begins_at = await desk.received_at(new.received_on, zone_name)
    clock = Clock("hold-hearing", custodian_id, zone_name, begins_at, student_id=student_id)
    held = await desk.file(
        "hearing", new, student_id=student_id, custodian_id=custodian_id, about_id=amendment.row.id, overdue_at=clock.overdue_at
    )
    await desk.start(replace(clock, about=held.about))
    await desk.end(amendment, "inform-of-hearing-right", evidence_ref=new.request_ref)
    await desk.close("request_hearing", held, "requested", acting_for=new.acting_for)
    return await told_hearing(desk, held)


@router.get("/{hearing_id}", responses=responses(NoSuchRightsRequest))
async def read_hearing(hearing_id: UUID, files: StaffFiles) -> Hearing:
    """A hearing, and what happened in it."""
    return await told_hearing(files, await files.held("hearing", hearing_id))


@router.post("/{hearing_id}/schedule", responses=_STEP)
async def schedule_hearing(hearing_id: UUID, schedule: HearingSchedule, desk: StaffDesk) -> Hearing:
    """Set date, time, place and who conducts it, with the notice that was given of them; again if it has to be moved."""
    earlier = await desk.earlier("schedule_hearing")
    held = await desk.locked("hearing", earlier or hearing_id)
    if earlier is not None:
        return await told_hearing(desk, held)
    await require_decides(desk, await _amendment(desk, held))
    said = Said(evidence_ref=schedule.notice_ref, official=schedule.officer.pairwise_id, form=schedule.model_dump(mode="json"))
    held = await desk.let_happen(held, "scheduled", said)
    await desk.close("schedule_hearing", held, "scheduled")
    return await told_hearing(desk, held)


@router.post("/{hearing_id}/record", responses=_STEP)
async def record_hearing(hearing_id: UUID, record: HearingRecord, desk: StaffDesk) -> Hearing:
    """Put on record that it was held; the clock of its decision starts."""
    earlier = await desk.earlier("record_hearing")
    held = await desk.locked("hearing", earlier or hearing_id)
    if earlier is not None:
        return await told_hearing(desk, held)
    await require_decides(desk, await _amendment(desk, held))
    if record.held_at > desk.now:
        raise RequestIncomplete("it was held before it is recorded", field="held_at")
    said = Said(evidence_ref=record.opportunity_ref, form=record.model_dump(mode="json"))
    held = await desk.let_happen(held, "held", said)
    await desk.end(held, "hold-hearing", evidence_ref=record.opportunity_ref)
    await desk.start(await _clock(desk, held, DECIDE, record.held_at))
    await desk.close("record_hearing", held, "held")
    return await told_hearing(desk, held)


@router.post("/{hearing_id}/decision", responses=_STEP | responses(HearingShort, RequestIncomplete))
async def decide_hearing(hearing_id: UUID, decision: HearingDecision, desk: StaffDesk) -> Hearing:
    """Decide, in writing and on the evidence alone: the record is amended, or stands. Refused while a condition of 99.22 is not met."""
    earlier = await desk.earlier("decide_hearing")
    held = await desk.locked("hearing", earlier or hearing_id)
    if earlier is not None:
        return await told_hearing(desk, held)
    amendment = await _amendment(desk, held)
    await require_decides(desk, amendment)
    held.require_step(decision.outcome)
    zone_name = await zone_name_of(desk.tx, held.row.custodian_id)
    _require_fair(hearing_of(held, zone_name), decision, refused_by=refused_by(amendment), zone=ZoneInfo(zone_name), now=desk.now)
    said = Said(evidence_ref=decision.reasons_ref, official=decision.officer_pairwise_id, form=decision.model_dump(mode="json"))
    held = await desk.let_happen(held, decision.outcome, said)
    await desk.end(held, DECIDE, evidence_ref=decision.reasons_ref)
    then = "amend-record" if decision.outcome == "amend" else "inform-of-statement-right"
    await desk.start(await _clock(desk, held, then, await desk.received_at(decision.decided_on, zone_name)))
    await desk.close("decide_hearing", held, "decided", reason=decision.outcome)
    return await told_hearing(desk, held)


async def told_hearing(files: Files, held: Held) -> Hearing:
    """The hearing as it is said aloud, by the calendar of the agency that owes its decision."""
    return hearing_of(held, await zone_name_of(files.tx, held.row.custodian_id))


def hearing_of(held: Held, zone_name: str) -> Hearing:
    """The same, in the agency's time zone. Pure."""
    new = NewHearing.model_validate_json(held.whole)
    forms = {name: held.last(*kinds) for name, kinds in _FORMS.items()}
    row = held.row
    members = {"id": row.id, "student_id": row.student_id, "custodian_id": row.custodian_id, "overdue_at": row.overdue_at}
    whole = new.model_dump(mode="json") | {name: None if one is None else one.said.form for name, one in forms.items()}
    told = Hearing.model_validate(whole | members | {"state": held.state, "events": held.events})
    if told.record is None:
        return told
    clock = Clock(DECIDE, row.custodian_id, zone_name, told.record.held_at)
    return told.model_copy(update={"decision_overdue_at": clock.overdue_at})


_FORMS = {"schedule": ("scheduled",), "record": ("held",), "decision": ("amend", "stands")}


def _require_fair(hearing: Hearing, decision: HearingDecision, *, refused_by: str | None, zone: ZoneInfo, now: datetime) -> None:
    """Raises HearingShort, naming each condition of 99.22 that is not met; StepNotPossible before it was scheduled and held."""
    if hearing.schedule is None or hearing.record is None:
        raise StepNotPossible
    short = hearing_shortcomings(
        schedule=hearing.schedule, record=hearing.record, decision=decision, refused_by=refused_by, zone=zone, now=now
    )
    if short:
        raise HearingShort("; ".join(f"{one.what}: {one.citation}" for one in short), field=short[0].field)


async def _amendment(desk: Desk, held: Held) -> Held:
    if held.row.about_id is None:
        raise NoSuchRightsRequest
    return await desk.held("amendment", held.row.about_id)


async def _clock(desk: Desk, held: Held, kind: str, begins_at: datetime) -> Clock:
    zone_name = await zone_name_of(desk.tx, held.row.custodian_id)
    return Clock(kind, held.row.custodian_id, zone_name, begins_at, about=held.about, student_id=held.row.student_id)
