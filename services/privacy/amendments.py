"""Requests to amend a record: decided by the agency that made it; a state agency only forwards them (34 CFR 99.20, 99.10(a)(2)(i))."""

from dataclasses import replace
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.problems.privacy import RightsNotHeld
from safepassage.problems.records import NoSuchStudent
from safepassage.problems.requests import NotPermitted
from safepassage.problems.rights import (
    IdentityCheckTooOld,
    NoSuchRightsRequest,
    NotTheOriginatingAgency,
    RequestIncomplete,
    StepNotPossible,
)
from safepassage.wire_rights import Amendment, AmendmentDecision, NewAmendment
from services.privacy.duties import Clock
from services.privacy.rights import Held, Said, agency_of, zone_name_of
from services.privacy.rights_desk import Desk, OpenDesk, StaffDesk, StaffFiles
from shared.contracts.privacy import SubjectFacts
from shared.officials import as_known
from shared.problems import responses

router = APIRouter(prefix="/v1/amendments", tags=["rights"])


@router.post("", status_code=201, responses=responses(NoSuchStudent, RightsNotHeld, RequestIncomplete, IdentityCheckTooOld))
async def request_amendment(new: NewAmendment, desk: OpenDesk) -> Amendment:
    """Put a request to amend on record. What another agency made is forwarded to it: it decides, and finds the request among its own."""
    earlier = await desk.earlier("request_amendment")
    if earlier is not None:
        return amendment_of(await desk.held("amendment", earlier))
    person = await desk.acting(new.student_id, new.acting_for, on=new.received_on)
    decides = await _decider(desk.tx, person.facts)
    custodian_id = decides or desk.caller.organisation_id
    zone_name = await zone_name_of(desk.tx, custodian_id)
    begins_at = await desk.received_at(new.received_on, zone_name)
    clock = Clock("decide-amendment", custodian_id, zone_name, begins_at, student_id=new.student_id)
    recorded = _Recorded(**new.model_dump(), originating_agency=person.facts.originating_agency, decides=decides)
    held = await desk.file("amendment", recorded, student_id=new.student_id, custodian_id=custodian_id, overdue_at=clock.overdue_at)
    await desk.start(replace(clock, about=held.about))
    if decides is None or not await _is_of(desk, decides):
        held = await desk.let_happen(held, "forwarded", Said(evidence_ref=new.request_ref))
    await desk.close("request_amendment", held, held.state, reason=new.grounds, acting_for=new.acting_for)
    return amendment_of(held)


@router.get("/{amendment_id}", responses=responses(NoSuchRightsRequest))
async def read_amendment(amendment_id: UUID, files: StaffFiles) -> Amendment:
    """A request to amend, and what happened to it."""
    return amendment_of(await files.held("amendment", amendment_id))


@router.post(
    "/{amendment_id}/decision",
    responses=responses(NoSuchRightsRequest, NotTheOriginatingAgency, StepNotPossible, RequestIncomplete, NotPermitted),
)
async def decide_amendment(amendment_id: UUID, decision: AmendmentDecision, desk: StaffDesk) -> Amendment:
    """Grant it or refuse it; either starts its own clock: to amend and say so, or to tell of the right to a hearing."""
    earlier = await desk.earlier("decide_amendment")
    held = await desk.locked("amendment", earlier or amendment_id)
    if earlier is not None:
        return amendment_of(held)
    await require_decides(desk, held)
    decision = decision.model_copy(update={"official": as_known(desk.caller.claims, decision.official)})
    row, asked = held.row, recorded_amendment(held)
    zone_name = await zone_name_of(desk.tx, row.custodian_id)
    if not asked.received_on <= decision.decided_on <= desk.now.astimezone(ZoneInfo(zone_name)).date():
        raise RequestIncomplete("it is decided after it was received and before it is recorded", field="decided_on")
    said = Said(evidence_ref=decision.evidence_ref, official=decision.official.pairwise_id, form=decision.model_dump(mode="json"))
    held = await desk.let_happen(held, decision.outcome, said)
    await desk.end(held, "decide-amendment", evidence_ref=decision.evidence_ref)
    then = "amend-record" if decision.outcome == "granted" else "inform-of-hearing-right"
    begins_at = await desk.received_at(decision.decided_on, zone_name)
    await desk.start(Clock(then, row.custodian_id, zone_name, begins_at, about=held.about, student_id=row.student_id))
    await desk.close("decide_amendment", held, decision.outcome, reason=asked.grounds)
    return amendment_of(held)


class _Recorded(NewAmendment):
    """The request, and who made the record when it was recorded."""

    originating_agency: str
    decides: UUID | None
    """The agency of this node that decides."""


def recorded_amendment(held: Held) -> _Recorded:
    """What was asked for."""
    return _Recorded.model_validate_json(held.whole)


def refused_by(held: Held) -> str | None:
    """The official who refused it."""
    refusal = held.last("refused")
    return None if refusal is None else refusal.said.official


def amendment_of(held: Held) -> Amendment:
    """The request as it is said aloud."""
    asked = recorded_amendment(held)
    decides = asked.originating_agency if asked.decides is None else str(asked.decides)
    members = asked.model_dump(exclude={"originating_agency", "decides"}) | {"id": held.row.id, "decided_by": decides}
    return Amendment.model_validate(members | {"state": held.state, "overdue_at": held.row.overdue_at, "events": held.events})


async def _decider(tx: AsyncSession, facts: SubjectFacts) -> UUID | None:
    """The agency of this node that decides: the one that made the record, or else the district that keeps it.

    None: made behind another node and kept by the state agency alone; the originating district is written to.
    """
    for reference, kinds in ((facts.originating_agency, ("lea", "sea", "agency")), (str(facts.custodian_id), ("lea",))):
        agency = await agency_of(tx, reference)
        if agency is not None and agency.kind in kinds:
            return agency.id
    return None


async def _is_of(desk: Desk, agency_id: UUID) -> bool:
    """The caller is the agency, or a school of it; a state agency is not its districts, nor they it."""
    caller_id = desk.caller.organisation_id
    own = await agency_of(desk.tx, str(caller_id))
    return caller_id == agency_id or (own is not None and own.id == agency_id)


async def require_decides(desk: Desk, held: Held) -> None:
    """INVARIANT: subpart C is the originating agency's: nobody above it decides. Raises NotTheOriginatingAgency."""
    decides = recorded_amendment(held).decides
    if decides is None or not await _is_of(desk, decides):
        raise NotTheOriginatingAgency
