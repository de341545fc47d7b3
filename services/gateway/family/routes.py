"""Coming, leaving, and the reader's language; and all routes of families together."""

from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from services.gateway.console.preferences import cookies_for
from services.gateway.family import choices, consent_choices, hearings, link_routes, new_consent, opt_out_choices, record_page, requests
from services.gateway.family.admission import HOME, FamilyAdmission
from services.gateway.family.frame import FamilyRoute, plain_page
from services.gateway.family.links import PAGE
from services.gateway.family.visited import VisitingMember
from services.gateway.people.forms import read_form, require_from_here
from services.gateway.people.pages import form_of, page_responses
from services.gateway.people.return_path import return_path
from shared.database import Transaction

router = APIRouter(tags=["families"], route_class=FamilyRoute)

LEFT: Final = "/family/left"


@router.get(PAGE, response_model=None, responses=page_responses(200))
async def show_family_link(request: Request) -> Response:
    """The page of a link: one button. Whatever opens it uses up nothing; its script only puts what is behind the `#` into the form."""
    return plain_page(request, "link.html", idle_minutes=request.app.state.settings.family_idle_seconds // 60)


@router.post(
    PAGE,
    response_model=None,
    status_code=303,
    responses=page_responses(303),
    openapi_extra=form_of({"link": "A one-time link, or what is behind its #"}),
)
async def use_family_link(request: Request) -> Response:
    """Use a link: a visit begins."""
    state = request.app.state
    families: FamilyAdmission = state.families
    require_from_here(request.scope["headers"], origin=families.origin)
    link = read_form(await request.body()).get("link", "")
    cookie = await families.visits.begin(link, address=request.scope["state"].get("address"), now=state.clock())
    response = RedirectResponse(HOME, 303)
    response.headers.append("set-cookie", families.cookie.give(cookie))
    return response


@router.post(
    "/family/leave", response_model=None, status_code=303, responses=page_responses(303), openapi_extra=form_of({"token": "Of the page"})
)
async def leave_family_page(member: VisitingMember, request: Request, tx: Transaction) -> Response:
    """End the visit."""
    state = request.app.state
    families: FamilyAdmission = state.families
    await families.visits.end(tx, member, address=request.scope["state"].get("address"), now=state.clock())
    response = RedirectResponse(LEFT, 303)
    response.headers["set-cookie"] = families.cookie.take_back()
    return response


@router.get(LEFT, response_model=None, responses=page_responses(200))
async def show_family_left(request: Request) -> Response:
    """The page after leaving."""
    return plain_page(request, "left.html")


@router.post(
    "/family/language",
    response_model=None,
    status_code=303,
    responses=page_responses(303),
    openapi_extra=form_of({"language": "en or es", "back": "Path to come back to"}),
)
async def keep_family_language(request: Request) -> Response:
    """Keep this browser's language: a cookie with a word of a short list. Before a visit too."""
    require_from_here(request.scope["headers"], origin=request.app.state.families.origin)
    form = read_form(await request.body())
    back = return_path(form.get("back"))
    response = RedirectResponse(back if back.startswith(HOME) else PAGE, 303)
    chosen = [("language", form.get("language", ""))]
    for cookie in cookies_for(chosen, secure=request.app.state.settings.entity_id.startswith("https://")):
        response.headers.append("set-cookie", cookie)
    return response


ROUTERS: Final = (
    router,
    record_page.router,
    choices.router,
    consent_choices.router,
    opt_out_choices.router,
    new_consent.router,
    requests.router,
    hearings.router,
    link_routes.router,
)
"""All of families'."""
