"""The AuthZEN operations: parse, decide, keep, answer. What does not have the documented form is a 400, as the standard has it."""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

from safepassage.problems.privacy import AccessRequestNotValid, SubjectSearchNotAnswered
from safepassage.problems.records import PurposeMissing
from safepassage.problems.requests import MalformedBody
from safepassage.wire_access import (
    AccessDecision,
    AccessDecisions,
    AccessEvaluation,
    AccessEvaluations,
    AccessFault,
    ActionSearch,
    FoundActions,
    FoundResources,
    FoundSubjects,
    ResourceSearch,
    Semantic,
    SubjectSearch,
)
from services.privacy.access.answers import fault
from services.privacy.access.asked import Asked, asked_of, each_of
from services.privacy.access.evaluating import Bench, Judged, turn_for_others
from services.privacy.access.searching import search_actions, search_resources, search_subjects
from services.privacy.access.sight import require_purpose_of_state
from shared.caller import Caller, caller_with
from shared.problems import invalid_request, responses

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class _AccessRoute(APIRoute):
    """A request that is not of the form is a bad request here, and 422 nowhere."""

    def get_route_handler(self) -> Handler:
        """The handler, its validation errors told as AuthZEN has them."""
        handle = super().get_route_handler()

        async def told(request: Request) -> Response:
            try:
                return await handle(request)
            except RequestValidationError as error:
                found = invalid_request(error)
                if isinstance(found, MalformedBody):
                    raise found from None
                raise AccessRequestNotValid(str(found), field=found.field) from None

        return told


router = APIRouter(prefix="/access/v1", tags=["access"], route_class=_AccessRoute)

Enforcer = Annotated[Caller, caller_with("access:evaluate")]
"""An agency's enforcement point: a gateway, an information system, a portal. Vendors know students by pseudonyms, and ask nothing here."""


async def _bench(request: Request, caller: Enforcer) -> Bench:
    require_purpose_of_state(caller)
    return Bench(request, caller)


AtBench = Annotated[Bench, Depends(_bench)]


@router.post("/evaluation", response_model=AccessDecision, responses=responses(AccessRequestNotValid, MalformedBody, PurposeMissing))
async def evaluate_access(evaluation: AccessEvaluation, bench: AtBench) -> Response:
    """May this recipient have these elements of this student's record, on this basis and for this purpose? Facts are the node's own."""
    (answered,) = await _evaluate(bench, [asked_of(evaluation)], "execute_all")
    return _said(answered)


@router.post(
    "/evaluations",
    response_model=AccessDecisions | AccessDecision,
    responses=responses(AccessRequestNotValid, MalformedBody, PurposeMissing),
)
async def evaluate_accesses(several: AccessEvaluations, bench: AtBench) -> Response:
    """Several evaluations of one instant, in their order; each is on record for itself. Without `evaluations` it is one."""
    asked = each_of(several)
    if not several.evaluations:
        (one,) = asked
        if isinstance(one, AccessFault):
            raise AccessRequestNotValid(one.detail, field=one.field)
        return _said((await _evaluate(bench, [one], "execute_all"))[0])
    return _said(AccessDecisions(evaluations=tuple(await _evaluate(bench, asked, several.options.evaluations_semantic))))


@router.post("/search/subject", responses=responses(AccessRequestNotValid, MalformedBody, PurposeMissing, SubjectSearchNotAnswered))
async def search_access_subjects(search: SubjectSearch, bench: AtBench, caller: Enforcer) -> FoundSubjects:
    """Which organisations may have these elements? Answered for the organisation that asks, whose identity its token proves."""
    return await search_subjects(search, bench, caller)


@router.post("/search/resource", responses=responses(AccessRequestNotValid, MalformedBody, PurposeMissing))
async def search_access_resources(search: ResourceSearch, bench: AtBench) -> FoundResources:
    """Which elements of this student's record may this recipient have?"""
    return await search_resources(search, bench)


@router.post("/search/action", responses=responses(AccessRequestNotValid, MalformedBody, PurposeMissing))
async def search_access_actions(search: ActionSearch, bench: AtBench) -> FoundActions:
    """On which bases may this recipient have these elements, for this purpose?"""
    return await search_actions(search, bench)


def _said(answer: AccessDecision | AccessDecisions) -> Response:
    """The answer as it is, not validated again; what is not there is left out."""
    return Response(answer.model_dump_json(exclude_none=True), media_type="application/json")


async def _evaluate(bench: Bench, asked: list[Asked] | tuple[Asked | AccessFault, ...], semantic: Semantic) -> list[AccessDecision]:
    """Decide in order until the semantic says that it is enough; keep what was decided; then answer."""
    hearing = await bench.hear([one for one in asked if isinstance(one, Asked)])
    judged: list[Judged] = []
    answered: list[Judged | AccessFault] = []
    for one in asked:
        if isinstance(one, AccessFault):
            answered.append(one)
        else:
            judged.append(hearing.judged(len(judged)))
            answered.append(judged[-1])
        true = isinstance(one, Asked) and judged[-1].verdict.granted
        if semantic == ("permit_on_first_permit" if true else "deny_on_first_deny"):
            break
        await turn_for_others(len(answered))
    await bench.keep(judged)
    return [fault(one) if isinstance(one, AccessFault) else one.answer for one in answered]
