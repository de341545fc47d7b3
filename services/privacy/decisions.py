"""Decisions: may this leave? records asks before it releases anything, and again before every attempt to deliver it."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request, Response

from safepassage.problems import SuiteError
from safepassage.problems.policy_sets import PoliciesUnavailable
from safepassage.problems.privacy import FactsBehind
from safepassage.problems.records import SealBroken
from safepassage.problems.requests import InvalidRequest
from safepassage.problems.rights import NoSuchDuty
from services.privacy.deciding import decide_each
from services.privacy.standing import standing_of, standings_of
from shared.caller import principal_from, sibling
from shared.contracts.privacy import (
    Decision,
    DecisionAnswer,
    DecisionAnswers,
    DecisionBatch,
    DecisionRequest,
    Standing,
    StandingBatch,
    Standings,
)
from shared.internal_token import Principal
from shared.plain_route import PlainRoute, plain_route
from shared.problems import responses

router = APIRouter(prefix="/internal/decisions", tags=["internal"])
batches = APIRouter(prefix="/internal", tags=["internal"])

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
    [decision] = await decide_each(request.app.state, principal, [asked])
    if isinstance(decision, SuiteError):
        raise decision
    return Response(decision.model_dump_json(by_alias=True), media_type="application/json")


@plain_route(batches, "/decision-batches", DecisionBatch, by="records", answer=DecisionAnswers, responses={})
async def decide_on_requests(request: Request, principal: Principal, asked: DecisionBatch) -> Response:
    """Decide each as it would be decided alone; a problem of one is its answer, and no other's."""
    decided = await decide_each(request.app.state, principal, asked.requests)
    answers = tuple(
        DecisionAnswer(problem=one.as_problem()) if isinstance(one, SuiteError) else DecisionAnswer(decision=one) for one in decided
    )
    return Response(DecisionAnswers(answers=answers).model_dump_json(by_alias=True), media_type="application/json")


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
    return await standing_of(request.app.state, decision_id, by=principal)


@plain_route(batches, "/standing-batches", StandingBatch, by="records", answer=Standings, responses={})
async def ask_standings(request: Request, principal: Principal, asked: StandingBatch) -> Response:
    """Does each of them still hold? As asked alone, on facts read in one snapshot."""
    standings = await standings_of(request.app.state, asked.decision_ids, by=principal)
    return Response(Standings(standings=tuple(standings)).model_dump_json(), media_type="application/json")
