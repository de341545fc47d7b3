"""Waivers: an obligation need not be met if two different officials of the agency say so, each on their own word. Never the vendor."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from sqlalchemy import select

from safepassage.problems.privacy import NoSuchObligation, ObligationDischarged
from safepassage.problems.requests import NotPermitted
from safepassage.problems.rights import ObligationWaived, RequestIncomplete, WaiverNotCounted
from safepassage.wire_duties import ObligationWaiver
from safepassage.wire_policy import OpenObligation
from services.privacy.behind import event_of
from services.privacy.obligations import open_obligation
from services.privacy.sealing import Sealer
from services.privacy.tables import ObligationWaiverRow
from shared.caller import Caller, caller_with
from shared.contracts.audit import Context
from shared.database import Transaction
from shared.idempotency import Once
from shared.officials import as_known
from shared.problems import responses
from shared.request_clock import Now

router = APIRouter(prefix="/v1/obligations", tags=["obligations"])

Waiver = Annotated[Caller, caller_with("obligations:waive")]

OFFICIALS_NEEDED = 2


@router.post(
    "/{obligation_id}/waivers",
    responses=responses(NoSuchObligation, ObligationDischarged, ObligationWaived, WaiverNotCounted, RequestIncomplete, NotPermitted),
)
async def waive_obligation(
    obligation_id: UUID,
    waiver: ObligationWaiver,
    request: Request,
    caller: Waiver,
    tx: Transaction,
    now: Now,
    once: Annotated[Once, Depends()],
) -> OpenObligation:
    """Waive an obligation as one official. It stays open until a second person waives it too; nobody of the party that owes it can."""
    earlier = await once.earlier(tx, caller, "waive_obligation")
    if caller.kind not in ("sea", "lea"):
        raise NotPermitted("officials of the agency waive, not a party that owes")
    row = await open_obligation(tx, caller, earlier or obligation_id, repeated=earlier is not None)
    if earlier is not None:
        return OpenObligation.model_validate(row)
    if waiver.official.authenticated_at > now:
        raise RequestIncomplete("the official was authenticated before", field="official.authenticated_at")
    official = as_known(caller.claims, waiver.official)
    waiver = waiver.model_copy(update={"official": official})
    # the row is locked: of two at once, the second sees the first
    query = select(ObligationWaiverRow.official).where(ObligationWaiverRow.obligation_id == row.id)
    waived_by = set((await tx.execute(query)).scalars())
    if official.pairwise_id in waived_by:
        raise WaiverNotCounted
    sealer: Sealer = request.app.state.sealer
    tx.add(
        ObligationWaiverRow(
            obligation_id=row.id,
            official=official.pairwise_id,
            at=now,
            client_id=caller.client_id,
            organisation_id=caller.organisation_id,
            sealed=sealer.seal(
                waiver.model_dump_json().encode(), table="obligation_waiver", row=row.id, of=f"waiver:{official.pairwise_id}"
            ),
        )
    )
    row.waivers = len(waived_by) + 1
    if row.waivers >= OFFICIALS_NEEDED:
        row.waived_at = now
    await tx.flush()
    await once.keep(tx, caller, "waive_obligation", row.id, now)
    context = Context(
        operation="obligation-waived" if row.waived_at is not None else "obligation-waiver",
        reason=waiver.reason,
        outcome=row.kind,
        count=row.waivers,
        decision_id=row.decision_id,
        agreement_id=row.agreement_id,
        about=f"obligation:{row.id}",
    )
    event = event_of("duty", f"obligation:{row.id}:waiver:{row.waivers}", caller, context, custodians=())
    request.app.state.outbox.record(tx, event)
    return OpenObligation.model_validate(row)
