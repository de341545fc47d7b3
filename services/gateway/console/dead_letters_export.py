"""The list of what did not arrive, as a file."""

from typing import Annotated, Final

from fastapi import APIRouter, Query
from starlette.responses import Response

from safepassage.wire_dead_letters import DeadLetterPage, LetterState
from services.gateway.console.dead_letters import API, EXPORT, ORDERS
from services.gateway.console.exports import Form, exported, rows_of
from services.gateway.console.node_reader import Node
from services.gateway.console.pages import ConsoleRoute
from services.gateway.people.pages import page_responses

router = APIRouter(tags=["console"], route_class=ConsoleRoute)

IN_AN_EXPORT: Final = 5_000
COLUMNS: Final = (
    "id",
    "kind",
    "state",
    "peer",
    "exchange_id",
    "code",
    "since",
    "expires_at",
    "arrived",
    "acted_at",
    "reason",
    "requeued_as",
)


@router.get(EXPORT, response_model=None, responses=page_responses(200))
async def export_dead_letters(
    node: Node, state: Annotated[LetterState, Query()] = "open", sort: Annotated[str, ORDERS.query] = ORDERS.usual, form: Form = "csv"
) -> Response:
    """The messages of the list: the first 5,000 of its order."""
    asked = {"state": state, "sort": sort}
    found = await rows_of(node, "records", API, DeadLetterPage, asked, lambda page: page.letters, most=IN_AN_EXPORT)
    return exported("dead-letters", form, COLUMNS, [one.model_dump(mode="json") for one in found], most=IN_AN_EXPORT)
