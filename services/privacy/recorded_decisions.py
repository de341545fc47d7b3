"""What a custodian reads of decisions about its students: reasons and citations in full, and that each is reproduced from its row."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request, Response
from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import load_only

from safepassage.problems.policy_sets import PolicySetNotUsable
from safepassage.problems.privacy import DecisionNotReproduced, NoSuchDecision, PolicySetNotHeld
from safepassage.wire_decisions import RecordedDecision, Reproduction
from safepassage.wire_lists import DecisionPage, DecisionSummary
from services.privacy.evidence_records import may_read_sealed
from services.privacy.policy_sets import PolicySets
from services.privacy.recorded import RecordedOutcome, open_outcome, open_record, recorded_decision
from services.privacy.reproduction import reproduction_of
from services.privacy.sealing import Sealer
from services.privacy.standing import fall_of
from services.privacy.tables import DecisionCustodianRow, DecisionRow, OrganisationRow
from shared.caller import Caller, caller_with
from shared.cursors import Cursor, Cursors, Limit, next_link
from shared.database import ReadOnly
from shared.problems import responses
from shared.tenancy import within

router = APIRouter(prefix="/v1/decisions", tags=["decisions"])

Reader = Annotated[Caller, caller_with("decisions:read")]

_SUMMARY = (DecisionRow.action, DecisionRow.exchange_id, DecisionRow.decided_at, DecisionRow.valid_until, DecisionRow.policy_hash)


@router.get("")
async def list_decisions(
    request: Request, response: Response, caller: Reader, tx: ReadOnly, limit: Limit = 100, cursor: Cursor = None
) -> DecisionPage:
    """Decisions about students whose records the caller's organisation keeps, the newest first."""
    cursors: Cursors = request.app.state.cursors
    bound_to = f"list_decisions:{caller.client_id}"
    query = select(DecisionRow).options(load_only(*_SUMMARY)).where(DecisionRow.id.in_(_kept_for(caller)), *_known_to(caller))
    position = cursors.read(cursor, bound_to=bound_to)
    if position is not None:
        query = query.where(DecisionRow.id < UUID(position["id"]))
    rows = (await tx.scalars(query.order_by(DecisionRow.id.desc()).limit(limit + 1))).all()
    following = None
    if len(rows) > limit:
        following = cursors.sign({"id": str(rows[limit - 1].id)}, bound_to=bound_to)
        response.headers["link"] = next_link(request.url.path, {"limit": limit, "cursor": following})
    return DecisionPage(decisions=tuple(DecisionSummary.model_validate(row) for row in rows[:limit]), next=following)


@router.get("/{decision_id}", responses=responses(NoSuchDecision))
async def read_decision(decision_id: UUID, request: Request, caller: Reader, tx: ReadOnly) -> RecordedDecision:
    """A decision about students whose records the caller's organisation keeps."""
    sealer: Sealer = request.app.state.sealer
    row = await callers_decision(tx, caller, decision_id)
    readers = await readers_of(tx, caller)
    outcome = RecordedOutcome.of(open_outcome(sealer, row))
    fallen = await fall_of(tx, sealer, row.id)
    return recorded_decision(row, open_record(sealer, row), outcome, readers=readers, fallen=fallen)


@router.post(
    "/{decision_id}/reproduction", responses=responses(NoSuchDecision, PolicySetNotHeld, PolicySetNotUsable, DecisionNotReproduced)
)
async def reproduce_decision(decision_id: UUID, request: Request, caller: Reader, tx: ReadOnly) -> Reproduction:
    """Run a decision again from its row alone; the outcome must be the same to the bit."""
    sets: PolicySets = request.app.state.policy_sets
    row = await callers_decision(tx, caller, decision_id)
    return reproduction_of(row, request.app.state.sealer, await sets.held(row.policy_hash))


async def readers_of(tx: AsyncSession, caller: Caller) -> set[UUID]:
    """The caller's organisation and those below it."""
    own = select(OrganisationRow.id).where(OrganisationRow.id.in_(within(OrganisationRow, caller.organisation_id)))
    return set((await tx.scalars(own)).all())


async def callers_decision(tx: AsyncSession, caller: Caller, decision_id: UUID) -> DecisionRow:
    """A decision about students whose records the caller's organisation keeps. Raises NoSuchDecision."""
    query = select(DecisionRow).where(DecisionRow.id == decision_id, DecisionRow.id.in_(_kept_for(caller)), *_known_to(caller))
    row = (await tx.execute(query)).scalar_one_or_none()
    if row is None:
        raise NoSuchDecision
    return row


def _kept_for(caller: Caller) -> Select[UUID]:
    """Ids of the decisions that the caller's organisation, or one below it, is a reader of."""
    own = within(OrganisationRow, caller.organisation_id)
    return select(DecisionCustodianRow.decision_id).where(DecisionCustodianRow.custodian_id.in_(own))


def _known_to(caller: Caller) -> list[ColumnElement[bool]]:
    """Conditions: a decision on a secret order looks absent to who may not know of it."""
    return [] if may_read_sealed(caller) else [DecisionRow.secret.is_(False)]
