"""What a custodian reads of decisions about its students: reasons and citations in full, and that each is reproduced from its row."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.problems.policy_sets import PolicySetNotUsable
from safepassage.problems.privacy import DecisionNotReproduced, NoSuchDecision, PolicySetNotHeld
from safepassage.wire_decisions import RecordedDecision, Reproduction
from services.privacy.policy_sets import PolicySets
from services.privacy.recorded import RecordedOutcome, open_outcome, open_record, recorded_decision
from services.privacy.reproduction import reproduction_of
from services.privacy.sealing import Sealer
from services.privacy.standing import fall_of
from services.privacy.tables import DecisionCustodianRow, DecisionRow, OrganisationRow
from shared.caller import Caller, caller_with
from shared.database import ReadOnly
from shared.problems import responses
from shared.tenancy import within

router = APIRouter(prefix="/v1/decisions", tags=["decisions"])

Reader = Annotated[Caller, caller_with("decisions:read")]


@router.get("/{decision_id}", responses=responses(NoSuchDecision))
async def read_decision(decision_id: UUID, request: Request, caller: Reader, tx: ReadOnly) -> RecordedDecision:
    """A decision about students whose records the caller's organisation keeps."""
    sealer: Sealer = request.app.state.sealer
    row = await _callers_decision(tx, caller, decision_id)
    own = select(OrganisationRow.id).where(OrganisationRow.id.in_(within(OrganisationRow, caller.organisation_id)))
    readers = set((await tx.scalars(own)).all())
    outcome = RecordedOutcome.of(open_outcome(sealer, row))
    fallen = await fall_of(tx, sealer, row.id)
    return recorded_decision(row, open_record(sealer, row), outcome, readers=readers, fallen=fallen)


@router.post(
    "/{decision_id}/reproduction", responses=responses(NoSuchDecision, PolicySetNotHeld, PolicySetNotUsable, DecisionNotReproduced)
)
async def reproduce_decision(decision_id: UUID, request: Request, caller: Reader, tx: ReadOnly) -> Reproduction:
    """Run a decision again from its row alone; the outcome must be the same to the bit."""
    sets: PolicySets = request.app.state.policy_sets
    row = await _callers_decision(tx, caller, decision_id)
    return reproduction_of(row, request.app.state.sealer, await sets.held(row.policy_hash))


async def _callers_decision(tx: AsyncSession, caller: Caller, decision_id: UUID) -> DecisionRow:
    kept = select(DecisionCustodianRow.decision_id).where(
        DecisionCustodianRow.decision_id == decision_id,
        DecisionCustodianRow.custodian_id.in_(within(OrganisationRow, caller.organisation_id)),
    )
    row = (await tx.execute(select(DecisionRow).where(DecisionRow.id.in_(kept)))).scalar_one_or_none()
    if row is None:
        raise NoSuchDecision
    return row
