"""The list of duties as a file."""

from typing import Annotated, Final

from fastapi import APIRouter, Query
from starlette.responses import Response

from safepassage.problems.requests import InvalidRequest
from safepassage.wire_duties import DutyPage
from services.gateway.console.duties import ORDERS, PATH, Shown
from services.gateway.console.duty_words import KINDS
from services.gateway.console.exports import Form, exported, rows_of
from services.gateway.console.node_reader import Node
from services.gateway.console.pages import ConsoleRoute
from services.gateway.people.pages import page_responses

router = APIRouter(tags=["console"], route_class=ConsoleRoute)

EXPORT: Final = f"{PATH}/export"
AT_ONCE: Final = 200
IN_AN_EXPORT: Final = 5_000
COLUMNS: Final = (
    "id",
    "kind",
    "organisation_id",
    "state",
    "begins_at",
    "due_from",
    "overdue_at",
    "done_at",
    "waived_at",
    "waived_because",
    "late",
    "citation",
    "figure",
)
"""Not whom or what a duty is about, nor what shows that it is done: that may lead to a family."""


@router.get(EXPORT, response_model=None, responses=page_responses(200))
async def export_duties(
    node: Node,
    state: Annotated[Shown, Query()] = "outstanding",
    kind: Annotated[str, Query(max_length=64)] = "",
    sort: Annotated[str, ORDERS.query] = ORDERS.usual,
    form: Form = "csv",
) -> Response:
    """The clocks of the person's organisation and those below it: the first 5,000 of the list's order."""
    if kind and kind not in KINDS:
        raise InvalidRequest("not a kind of duty", field="kind")
    asked = {"state": state, "sort": sort, **({"kind": kind} if kind else {})}
    duties = await rows_of(node, "privacy", "/v1/duties", DutyPage, asked, lambda page: page.duties, most=IN_AN_EXPORT, at_once=AT_ONCE)
    return exported("duties", form, COLUMNS, [one.model_dump(mode="json") for one in duties], most=IN_AN_EXPORT)
