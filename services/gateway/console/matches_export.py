"""The list of matches that wait for a person, as a file."""

from typing import Annotated, Final

from fastapi import APIRouter
from starlette.responses import Response

from safepassage.record.loads import MatchPage, MatchReview
from services.gateway.console.exports import Form, exported, rows_of
from services.gateway.console.matches import API, EXPORT, ORDERS, Chosen, asked_of
from services.gateway.console.node_reader import Node
from services.gateway.console.pages import ConsoleRoute
from services.gateway.people.pages import page_responses

router = APIRouter(tags=["console"], route_class=ConsoleRoute)

IN_AN_EXPORT: Final = 5_000
COLUMNS: Final = ("id", "kind", "request_id", "reasons", "students", "opened_at", "expires_at")
"""How many students come into question, and never which: that is told on the page of each match, where it is logged."""


@router.get(EXPORT, response_model=None, responses=page_responses(200))
async def export_matches(
    node: Node,
    chosen: Chosen,
    sort: Annotated[str, ORDERS.query] = ORDERS.usual,
    form: Form = "csv",
) -> Response:
    """The matches that wait for a person of the organisation: the first 5,000 of the list's order."""
    asked = {"sort": sort, **asked_of(chosen)}
    found = await rows_of(node, "records", API, MatchPage, asked, lambda page: page.matches, most=IN_AN_EXPORT)
    return exported("matches", form, COLUMNS, [_row(one) for one in found], most=IN_AN_EXPORT)


def _row(one: MatchReview) -> dict[str, object]:
    return one.model_dump(mode="json") | {"students": len(one.candidates)}
