"""Requests to amend a record: decided by the agency that made it; a state agency only forwards them (34 CFR 99.20, 99.10(a)(2)(i))."""

from dataclasses import replace
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Request
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.problems.privacy import RightsNotHeld
from safepassage.problems.records import NoSuchStudent
from safepassage.problems.rights import NoSuchRightsRequest, NotTheOriginatingAgency, RequestIncomplete, StepNotPossible
from safepassage.wire_rights import Amendment, AmendmentDecision, NewAmendment
from services.privacy.duties import Clock, end_duties, start_duties
from services.privacy.rights import (
    Held,
    Said,
    Staff,
    acting_person,
    add_event,
    add_request,
    agency_of,
    held_request,
    open_request,
    received_at,
    tell,
    zone_name_of,
)
from services.privacy.sealing import Sealer
from shared.caller import Caller
from shared.clock import Now
from shared.contracts.privacy import SubjectFacts
from shared.database import ReadOnly, Transaction
from shared.idempotency import Once
from shared.problems import responses

router = APIRouter(prefix="/v1/amendments", tags=["rights"])


@router.post("", status_code=201, responses=responses(NoSuchStudent, RightsNotHeld, RequestIncomplete))
async def request_amendment(
    new: NewAmendment, request: Request, caller: Staff, tx: Transaction, now: Now, once: Annotated[Once, Depends()]
) -> Amendment:
    """Put a request to amend on record. What another agency made is forwarded to it: it decides, and finds the request among its own."""
    sealer: Sealer = request.app.state.sealer
    earlier = await once.earlier(tx, caller, "request_amendment")
    if earlier is not None:
        return amendment_of(sealer, await held_request(tx, sealer, caller, "amendment", earlier))
    person = await acting_person(tx, sealer, caller, new.student_id, new.acting_for, now)
    decides = await _decider(tx, person.facts)
    custodian_id = decides or caller.organisation_id
    zone_name = await zone_name_of(tx, custodian_id)
    clock = Clock("decide-amendment", custodian_id, zone_name, received_at(new.received_on, zone_name, now=now), student_id=new.student_id)
    row = await add_request(
        tx,
        sealer,
        caller,
        kind="amendment",
        student_id=new.student_id,
        custodian_id=custodian_id,
        overdue_at=clock.overdue_at,
        whole=_Recorded(**new.model_dump(), originating_agency=person.facts.originating_agency, decides=decides),
        now=now,
    )
    await start_duties(tx, sealer, [replace(clock, about=f"amendment:{row.id}")], now=now)
    held = Held(row, ())
    if decides is None or not await _is_of(tx, caller, decides):
        held = await add_event(tx, sealer, caller, held, "forwarded", Said(evidence_ref=new.request_ref), now)
    await once.keep(tx, caller, "request_amendment", row.id, now)
    tell(request, tx, caller, row, held.state, reason=new.grounds, acting_for=new.acting_for.person_id)
    return amendment_of(sealer, held)


@router.get("/{amendment_id}", responses=responses(NoSuchRightsRequest))
async def read_amendment(amendment_id: UUID, request: Request, caller: Staff, tx: ReadOnly) -> Amendment:
    """A request to amend, and what happened to it."""
    sealer: Sealer = request.app.state.sealer
    return amendment_of(sealer, await held_request(tx, sealer, caller, "amendment", amendment_id))


@router.post(
    "/{amendment_id}/decision",
    responses=responses(NoSuchRightsRequest, NotTheOriginatingAgency, StepNotPossible, RequestIncomplete),
)
async def decide_amendment(
    amendment_id: UUID,
    decision: AmendmentDecision,
    request: Request,
    caller: Staff,
    tx: Transaction,
    now: Now,
    once: Annotated[Once, Depends()],
) -> Amendment:
    """Grant it or refuse it; either starts its own clock: to amend and say so, or to tell of the right to a hearing."""
    sealer: Sealer = request.app.state.sealer
    earlier = await once.earlier(tx, caller, "decide_amendment")
    held = await held_request(tx, sealer, caller, "amendment", earlier or amendment_id, for_update=True)
    if earlier is not None:
        return amendment_of(sealer, held)
    await require_decides(tx, sealer, caller, held)
    zone_name = await zone_name_of(tx, held.row.custodian_id)
    asked = recorded_amendment(sealer, held)
    if not asked.received_on <= decision.decided_on <= now.astimezone(ZoneInfo(zone_name)).date():
        raise RequestIncomplete("it is decided after it was received and before it is recorded", field="decided_on")
    said = Said(evidence_ref=decision.evidence_ref, official=decision.official.pairwise_id, form=decision.model_dump(mode="json"))
    held = await add_event(tx, sealer, caller, held, decision.outcome, said, now)
    about = f"amendment:{held.row.id}"
    await end_duties(tx, sealer, caller, about=about, kinds=("decide-amendment",), evidence_ref=decision.evidence_ref, now=now)
    next_duty = "amend-record" if decision.outcome == "granted" else "inform-of-hearing-right"
    begins_at = received_at(decision.decided_on, zone_name, now=now)
    clock = Clock(next_duty, held.row.custodian_id, zone_name, begins_at, about=about, student_id=held.row.student_id)
    await start_duties(tx, sealer, [clock], now=now)
    await once.keep(tx, caller, "decide_amendment", held.row.id, now)
    tell(request, tx, caller, held.row, decision.outcome, reason=asked.grounds, acting_for=None)
    return amendment_of(sealer, held)


class _Recorded(NewAmendment):
    """The request, and who made the record when it was recorded."""

    originating_agency: str
    decides: UUID | None
    """The agency of this node that decides."""


def recorded_amendment(sealer: Sealer, held: Held) -> _Recorded:
    """What was asked for. Raises SealBroken."""
    return _Recorded.model_validate_json(open_request(sealer, held.row))


def refused_by(held: Held) -> str | None:
    """The official who refused it."""
    refusal = held.last("refused")
    return None if refusal is None else refusal.said.official


def amendment_of(sealer: Sealer, held: Held) -> Amendment:
    """The request as it is said aloud."""
    asked = recorded_amendment(sealer, held)
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


async def _is_of(tx: AsyncSession, caller: Caller, agency_id: UUID) -> bool:
    """The caller is the agency, or a school of it; a state agency is not its districts, nor they it."""
    own = await agency_of(tx, str(caller.organisation_id))
    return caller.organisation_id == agency_id or (own is not None and own.id == agency_id)


async def require_decides(tx: AsyncSession, sealer: Sealer, caller: Caller, held: Held) -> None:
    """INVARIANT: subpart C is the originating agency's: nobody above it decides. Raises NotTheOriginatingAgency."""
    decides = recorded_amendment(sealer, held).decides
    if decides is None or not await _is_of(tx, caller, decides):
        raise NotTheOriginatingAgency
