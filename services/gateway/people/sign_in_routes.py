"""Where a browser comes to sign in, and the provider to sign somebody out."""

from typing import Final
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from safepassage.problems.people import LogoutTokenNotValid, NotSignedIn, ProviderNotReached, SignInNotUnderWay
from safepassage.problems.requests import InvalidRequest, NoSuchRoute
from services.gateway.people import console_links, provider_logout, sign_in
from services.gateway.people.cookies import Cookie
from services.gateway.people.forms import read_form, require_from_here
from services.gateway.people.opening import Entrances
from services.gateway.people.pages import PageRoute, form_of, page, page_responses
from services.gateway.people.return_path import return_path
from shared.problems import responses

router = APIRouter(tags=["people"], route_class=PageRoute)
back_channel = APIRouter(tags=["people"])

EVERYWHERE: Final = "everywhere"


@router.get("/sign-in", response_model=None, responses=page_responses(200))
async def show_sign_in(request: Request, back: str | None = None, step: str | None = None) -> Response:
    """How to sign in. A link leads to the provider, not a form: `form-action` would not let a form go there."""
    entrances = _entrances(request)
    about = {"back": return_path(back), **({"step": "up"} if step == "up" else {})}
    return page(
        "people/page/sign_in.html",
        request.scope,
        step_up=step == "up",
        start=f"/sign-in/start?{urlencode(about)}" if entrances.sign_in is not None else None,
        links=request.app.state.settings.people_links,
    )


@router.get("/sign-in/start", response_model=None, status_code=303, responses=page_responses(303, 404))
async def start_sign_in(request: Request, back: str | None = None, step: str | None = None) -> Response:
    """Go to the provider."""
    entrances = _entrances(request)
    if entrances.sign_in is None:
        raise NoSuchRoute
    began = await entrances.sign_in.begin(back=return_path(back), step_up=step == "up")
    response = RedirectResponse(began.location, 303)
    response.headers.append("set-cookie", entrances.under_way.give(began.cookie, seconds=int(sign_in.LASTS.total_seconds())))
    return response


@router.get(sign_in.CALLBACK, response_model=None, status_code=303, responses=page_responses(303, 404))
async def finish_sign_in(request: Request) -> Response:
    """Come back from the provider."""
    entrances = _entrances(request)
    if entrances.sign_in is None:
        raise NoSuchRoute
    pairs = request.query_params.multi_items()
    if len(dict(pairs)) != len(pairs):
        raise SignInNotUnderWay("a parameter comes twice")
    fields = request.scope["headers"]
    finished = await entrances.sign_in.finish(
        dict(pairs),
        browser=_read(entrances.under_way, fields),
        session=_read(entrances.session, fields),
        address=request.scope["state"].get("address"),
    )
    response = RedirectResponse(finished.location, 303)
    response.headers.append("set-cookie", entrances.under_way.take_back())
    response.headers.append("set-cookie", entrances.session.give(finished.cookie))
    return response


@router.get("/sign-out/provider", response_model=None, status_code=303, responses=page_responses(303))
async def leave_provider(request: Request) -> Response:
    """Sign out at the provider too (OpenID Connect RP-Initiated Logout 1.0). No id_token goes into the URL: it names the person."""
    entrances = _entrances(request)
    end = None
    if entrances.provider is not None:
        end = (await entrances.provider.metadata()).end_session_endpoint
    if entrances.provider is None or end is None:
        return RedirectResponse("/signed-out", 303)
    about = {
        "client_id": entrances.provider.client_id,
        "post_logout_redirect_uri": f"{request.app.state.settings.entity_id}/signed-out",
        "state": EVERYWHERE,
    }
    return RedirectResponse(f"{end}{'&' if '?' in end else '?'}{urlencode(about)}", 303)


@router.get("/signed-out", response_model=None, responses=page_responses(200))
async def show_signed_out(request: Request, state: str | None = None) -> Response:
    """The page after signing out."""
    elsewhere = state != EVERYWHERE and _entrances(request).provider is not None
    return page("people/page/signed_out.html", request.scope, everywhere=state == EVERYWHERE, elsewhere=elsewhere)


@router.get(console_links.PAGE, response_model=None, responses=page_responses(200, 404))
async def show_link(request: Request) -> Response:
    """The page of a one-time link. Its script puts what is behind the `#` into the form; without a script one pastes it."""
    if not request.app.state.settings.people_links:
        raise NoSuchRoute
    return page("people/page/link.html", request.scope)


@router.post(
    console_links.PAGE,
    response_model=None,
    status_code=303,
    responses=page_responses(303, 404),
    openapi_extra=form_of({"link": "A one-time link, or what is behind its #"}),
)
async def use_link(request: Request) -> Response:
    """Come in by a one-time link."""
    entrances, state = _entrances(request), request.app.state
    if not state.settings.people_links:
        raise NoSuchRoute
    require_from_here(request.scope["headers"], origin=state.settings.entity_id)
    link = read_form(await request.body()).get("link", "")
    cookie = await entrances.links.use(link, address=request.scope["state"].get("address"), now=state.clock())
    response = RedirectResponse("/signed-in", 303)
    response.headers.append("set-cookie", entrances.session.give(cookie))
    return response


@back_channel.post(
    provider_logout.PATH,
    response_model=None,
    responses={200: {"description": "The sessions that the token names have ended"}, **responses(LogoutTokenNotValid, ProviderNotReached)},
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/x-www-form-urlencoded": {
                    "schema": {"type": "object", "required": ["logout_token"], "properties": {"logout_token": {"type": "string"}}}
                }
            },
        }
    },
)
async def end_sessions(request: Request) -> Response:
    """The agency's provider ends a person's sessions (OpenID Connect Back-Channel Logout 1.0)."""
    entrances = _entrances(request)
    if entrances.provider_logout is None:
        raise NoSuchRoute
    token = read_form(await request.body()).get("logout_token")
    if not token:
        raise InvalidRequest("a logout token is needed", field="logout_token")
    try:
        await entrances.provider_logout.end(token)
        await request.app.state.standing.refresh()
    except LogoutTokenNotValid as error:
        request.app.state.refusals.count(error.code, request.app.state.clock())
        raise
    return Response(status_code=200)


def _entrances(request: Request) -> Entrances:
    entrances: Entrances = request.app.state.entrances
    return entrances


def _read(cookie: Cookie, fields: list[tuple[bytes, bytes]]) -> str | None:
    """Its value; one that is malformed or there twice is none."""
    try:
        return cookie.read(fields)
    except NotSignedIn:
        return None
