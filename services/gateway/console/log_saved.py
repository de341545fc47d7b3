"""Searches of the log that an organisation keeps: under a name, which is sealed in the store as what is searched for is."""

from typing import Final
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

from safepassage.wire_log_saved import NewSavedSearch, SavedSearches
from services.gateway.console.acts import Act
from services.gateway.console.handles import SessionHandles
from services.gateway.console.log_search import KEPT, SAVED, chosen_of, filters_in, page_of, saved_path, searched
from services.gateway.console.node_reader import Node
from services.gateway.console.pages import ConsoleRoute, Framed
from services.gateway.people.pages import form_of, page_responses

router = APIRouter(tags=["console"], route_class=ConsoleRoute)

END: Final = f"{SAVED}/{{saved_search_id}}/end"
LONGEST: Final = 200
"""Characters of a name."""


@router.post(
    SAVED,
    response_model=None,
    status_code=303,
    responses=page_responses(303, 404),
    openapi_extra=form_of({"token": "Of the page", "act": "Key of the form", "name": "What it is called"}),
)
async def keep_log_search(form: Act, frame: Framed, node: Node, handles: SessionHandles) -> Response:
    """Keep what is looked for. The form's own key is the search's id: sent twice it is kept once."""
    asked, name = filters_in(form.fields), form.text("name")
    if not name or len(name) > LONGEST:
        return await page_of(asked, frame, node, handles, unnamed=True)
    kept = (await node.read("audit", KEPT, SavedSearches)).saved_searches
    search = await searched(asked, frame, handles, chosen_of(asked, kept))
    identifier = UUID(hex=form.key)
    await node.act("audit", "PUT", f"{KEPT}/{identifier}", key=form.key, body=NewSavedSearch(name=name, search=search))
    return RedirectResponse(saved_path(identifier), 303)


@router.post(
    END,
    response_model=None,
    status_code=303,
    responses=page_responses(303, 404),
    openapi_extra=form_of({"token": "Of the page", "act": "Key of the form"}),
)
async def end_log_search(saved_search_id: UUID, form: Act, node: Node) -> Response:
    """Keep it no longer. Nothing of the log is touched."""
    await node.act("audit", "DELETE", f"{KEPT}/{saved_search_id}", key=form.key)
    return RedirectResponse(SAVED, 303)
