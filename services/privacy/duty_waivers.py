"""A notice that a general law on breaches asks for does not bind the agency, or need not be given: its duty is waived, with a reason."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request

from safepassage.problems.rights import DutyDone, DutyNotWaivable, DutyWaived, NoSuchDuty
from safepassage.wire_duties import Duty, DutyWaiver
from services.privacy.clocks import DUTY_RULES
from services.privacy.duties import duty_of, waive
from services.privacy.duty_events import tell
from services.privacy.duty_routes import Writer, callers_duty, require_standing
from services.privacy.sealing import Sealer
from shared.database import Transaction
from shared.idempotency import Once
from shared.problems import responses
from shared.request_clock import Now

router = APIRouter(prefix="/v1/duties", tags=["duties"])


@router.post("/{duty_id}/waiver", responses=responses(NoSuchDuty, DutyDone, DutyWaived, DutyNotWaivable))
async def waive_duty(
    duty_id: UUID,
    waiver: DutyWaiver,
    request: Request,
    caller: Writer,
    tx: Transaction,
    now: Now,
    once: Annotated[Once, Depends()],
) -> Duty:
    """Say, with a reason and what shows it, that a notice of a breach does not bind. The duty stays listed, and is not done."""
    earlier = await once.earlier(tx, caller, "waive_duty")
    sealer: Sealer = request.app.state.sealer
    row = await callers_duty(tx, caller, earlier or duty_id, for_update=True)
    if earlier is not None:
        return duty_of(sealer, row, now=now)
    if row.kind not in DUTY_RULES or not DUTY_RULES[row.kind].waivable:
        raise DutyNotWaivable
    require_standing(row)
    waive(row, sealer, by=caller.client_id, because=waiver.because, evidence_ref=waiver.evidence_ref, at=now)
    await once.keep(tx, caller, "waive_duty", row.id, now)
    tell(request, tx, caller, row, "waived")
    return duty_of(sealer, row, now=now)
