"""Decisions: may this leave? records asks before it releases anything, and again before every attempt to deliver it."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request, Response
from sqlalchemy import Connection

from safepassage.problems.policy_sets import PoliciesUnavailable
from safepassage.problems.privacy import FactsBehind
from safepassage.problems.records import SealBroken
from safepassage.problems.requests import InvalidRequest
from safepassage.problems.rights import NoSuchDuty
from safepassage.wire import Digest
from services.privacy.duty_exchanges import named_duties
from services.privacy.evaluation import Judge, decision_on, evaluate, keep, kept
from services.privacy.facts import Facts, read_facts
from services.privacy.policy_schedule import deciding_hash
from services.privacy.policy_sets import PolicySets
from services.privacy.sealing import Sealer
from services.privacy.standing import standing_of
from shared.caller import principal_from, sibling
from shared.clock import Clock
from shared.contracts.privacy import Decision, DecisionRequest, Standing
from shared.database import Database
from shared.group_commit import GroupCommit
from shared.internal_token import Principal
from shared.outbox import Outbox
from shared.plain_route import PlainRoute, plain_route
from shared.problems import responses

router = APIRouter(prefix="/internal/decisions", tags=["internal"])

FromRecords = Annotated[Principal, sibling("records")]


@plain_route(
    router,
    "",
    DecisionRequest,
    by="records",
    answer=Decision,
    responses=responses(FactsBehind, InvalidRequest, NoSuchDuty, SealBroken, PoliciesUnavailable),
)
async def decide_on_request(request: Request, principal: Principal, asked: DecisionRequest) -> Response:
    """Decide per element, on facts read in one snapshot, and keep the decision and its behind-entry before it is answered."""
    _require_subjects(asked)
    state = request.app.state
    database: Database = state.database
    judge: Judge = state.judge
    sealer: Sealer = state.sealer
    clock: Clock = state.clock
    outbox: Outbox = state.outbox
    write: GroupCommit = state.write
    sets: PolicySets = state.policy_sets
    asker = None if principal.caller is None else principal.caller.organisation_id
    asked_at = clock()  # before the snapshot: services.privacy.policy_schedule

    def read(connection: Connection) -> tuple[Facts, datetime, Digest, list[str]]:
        facts = read_facts(connection, sealer, asked, node_organisation_id=judge.node_organisation_id, caller_organisation_id=asker)
        now = facts.not_before(asked_at)
        return facts, now, deciding_hash(connection, now), named_duties(connection, asked.duty_ids, asker)

    facts, now, policy_hash, duty_keys = await database.read(read)
    judge = judge.under(await sets.in_force(policy_hash))
    evaluation = evaluate(judge, asked, facts, caller_organisation_id=asker, now=now)
    decision = decision_on(judge, evaluation)
    row = kept(outbox, sealer, judge, evaluation, decision, principal, duty_keys=duty_keys)
    await write(lambda tx: keep(tx.connection, outbox, [row]))
    outbox.wake()
    return Response(decision.model_dump_json(by_alias=True), media_type="application/json")


async def _standing(request: Request) -> Response:
    """What `ask_standing` describes."""
    principal = principal_from(request, "records")
    try:
        decision_id = UUID(request.path_params["decision_id"])
    except ValueError as error:
        raise InvalidRequest("an id is a UUID", field="decision_id") from error
    standing = await ask_standing(decision_id, request, principal)
    return Response(standing.model_dump_json(), media_type="application/json")


router.routes.append(PlainRoute(f"{router.prefix}/{{decision_id}}/standing", _standing, methods=["POST"], include_in_schema=False))


@router.post("/{decision_id}/standing")
async def ask_standing(decision_id: UUID, request: Request, principal: FromRecords) -> Standing:
    """Does the decision still hold on the facts of this instant? Unknown, expired, denied or fallen once: it does not."""
    state = request.app.state
    return await standing_of(
        decision_id,
        database=state.database,
        judge=state.judge,
        sets=state.policy_sets,
        sealer=state.sealer,
        clock=state.clock,
        outbox=state.outbox,
        by=principal,
    )


def _require_subjects(asked: DecisionRequest) -> None:
    """Raises InvalidRequest unless each student is named once, and none for the action `request`."""
    students = {subject.student_id for subject in asked.subjects}
    if len(students) != len(asked.subjects):
        raise InvalidRequest("a student is named twice", field="subjects")
    if (asked.action == "request") != (not asked.subjects):
        raise InvalidRequest("students are named for every action but `request`", field="subjects")
    if asked.duty_ids and (asked.action != "request" or asked.exchange_id is None):
        raise InvalidRequest("a request to another state serves duties", field="duty_ids")
