"""What a custodian reads of decisions about its students: reasons and citations in full, and that each is reproduced from its row."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request
from sqlalchemy import ColumnElement, Connection, Uuid, bindparam, select

from safepassage.problems.policy_sets import PolicySetNotUsable
from safepassage.problems.privacy import DecisionNotReproduced, NoSuchDecision, PolicySetNotHeld
from safepassage.wire_decisions import Fall, RecordedDecision, Reproduction
from services.privacy.evidence_records import may_read_sealed
from services.privacy.own_organisations import own_organisations
from services.privacy.policy_sets import PolicySets
from services.privacy.recorded import RecordedOutcome, RecordedRow, open_outcome, open_record, recorded_decision
from services.privacy.reproduction import reproduction_of
from services.privacy.sealing import Sealer
from services.privacy.standing import fall_of
from services.privacy.tables import DecisionCustodianRow, DecisionRow, OrganisationRow
from shared import prepared
from shared.caller import Caller, caller_with
from shared.database import Database
from shared.problems import responses
from shared.tenancy import belongs_to, within

router = APIRouter(prefix="/v1/decisions", tags=["decisions"])

Reader = Annotated[Caller, caller_with("decisions:read")]


@router.get("/{decision_id}", responses=responses(NoSuchDecision))
async def read_decision(decision_id: UUID, request: Request, caller: Reader) -> RecordedDecision:
    """A decision about students whose records the caller's organisation keeps."""
    sealer: Sealer = request.app.state.sealer
    database: Database = request.app.state.database

    def read(connection: Connection) -> tuple[RecordedRow, frozenset[UUID], Fall | None]:
        row = callers_decision(connection, caller, decision_id)
        return row, own_organisations(connection, caller.organisation_id), fall_of(connection, sealer, decision_id)

    row, readers, fallen = await database.read(read)
    outcome = RecordedOutcome.of(open_outcome(sealer, row))
    return recorded_decision(row, open_record(sealer, row), outcome, readers=readers, fallen=fallen)


@router.post(
    "/{decision_id}/reproduction", responses=responses(NoSuchDecision, PolicySetNotHeld, PolicySetNotUsable, DecisionNotReproduced)
)
async def reproduce_decision(decision_id: UUID, request: Request, caller: Reader) -> Reproduction:
    """Run a decision again from its row alone; the outcome must be the same to the bit."""
    sets: PolicySets = request.app.state.policy_sets
    database: Database = request.app.state.database
    row = await database.read(lambda connection: callers_decision(connection, caller, decision_id))
    return reproduction_of(row, request.app.state.sealer, await sets.held(row.policy_hash))


def read_within(organisation_id: UUID) -> ColumnElement[bool]:
    """On DecisionRow: the organisation or one below it is a reader of it. Asked of each decision that is looked at, and of no other."""
    own = within(OrganisationRow, organisation_id)
    read = DecisionCustodianRow.decision_id == DecisionRow.id, DecisionCustodianRow.custodian_id.in_(own)
    return select(DecisionCustodianRow.decision_id).where(*read).exists()


_READERS = select(DecisionCustodianRow.decision_id).where(
    DecisionCustodianRow.decision_id == bindparam("decision_id"),  # else the readers of every decision would be looked through
    belongs_to(DecisionCustodianRow.custodian_id, OrganisationRow, bindparam("organisation_id", type_=Uuid())),
)
_CALLERS = select(DecisionRow.__table__).where(DecisionRow.id == bindparam("decision_id"), DecisionRow.id.in_(_READERS))
_CALLERS_AND_NO_SECRET = _CALLERS.where(DecisionRow.secret.is_(False))


def callers_decision(connection: Connection, caller: Caller, decision_id: UUID) -> RecordedRow:
    """A decision about students whose records the caller's organisation, or one below it, keeps. Raises NoSuchDecision."""
    query = _CALLERS if may_read_sealed(caller) else _CALLERS_AND_NO_SECRET
    row: RecordedRow | None = prepared.row(connection, query, {"decision_id": decision_id, "organisation_id": caller.organisation_id})
    if row is None:
        raise NoSuchDecision
    return row
