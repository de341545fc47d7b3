"""What is asked of an address of the console that is no page: whoever is signed in is told so within the console, with its menu.

The door lets it come here for browsers whose person is signed in, and for nobody else (door.no_page).
"""

from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from safepassage.problems import SuiteError
from safepassage.problems.requests import NoSuchRoute
from services.gateway.console.navigation import HOME
from services.gateway.console.pages import ConsoleRoute, Framed

PATH: Final = "/console/{rest:path}"

router = APIRouter(route_class=ConsoleRoute)


@router.api_route(PATH, methods=["GET", "POST"], include_in_schema=False, response_model=None)
async def tell_there_is_no_page(request: Request, frame: Framed) -> Response:
    """404; 405 where the address is there for another method. What was asked for is not repeated."""
    found: SuiteError = request.scope["state"].get("no_page") or NoSuchRoute()
    return frame.page("no_page.html", status=found.status, here=HOME)
