"""Pages of a session: who is signed in, signing out, and the files that pages need."""

from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from safepassage.problems.people import NotSignedIn
from services.gateway.oauth.codes.authorizations import end_of_person
from services.gateway.people import events, sign_in_routes
from services.gateway.people.admission import Admission
from services.gateway.people.pages import PageRoute, assets, form_of, page, page_responses
from services.gateway.people.roles import ROLES
from services.gateway.people.signed_in import SignedInPerson
from services.gateway.tables import OrganisationRow
from shared.database import ReadOnly, Transaction, after_commit

router = APIRouter(tags=["people"], route_class=PageRoute)


@router.get("/signed-in", response_model=None, responses=page_responses(200))
async def show_person(person: SignedInPerson, request: Request, tx: ReadOnly) -> Response:
    """Who is signed in, as what."""
    organisation = await tx.get(OrganisationRow, person.organisation_id)
    if organisation is None:
        raise NotSignedIn
    settings = request.app.state.settings
    return page(
        "people/page/signed_in.html",
        request.scope,
        person=person,
        role=ROLES[person.role],
        organisation=organisation.organisation.name,
        idle_minutes=settings.people_idle_seconds // 60,
        longest_hours=settings.people_session_seconds // 3600,
    )


@router.post(
    "/sign-out", response_model=None, status_code=303, responses=page_responses(303), openapi_extra=form_of({"token": "Of the page"})
)
async def sign_out(person: SignedInPerson, request: Request, tx: Transaction) -> Response:
    """End the session, and what its person let applications do."""
    state, address = request.app.state, request.scope["state"].get("address")
    admission: Admission = state.people
    if await admission.sessions.end(tx, person.session):
        state.outbox.record(tx, events.signed_out(person, address, state.clock()))
        await end_of_person(tx, state.outbox, person.identifier, actor=person.actor(address), now=state.clock())
        after_commit(tx, state.standing.refresh)
    response = RedirectResponse("/signed-out", 303)
    response.headers["set-cookie"] = admission.cookie.take_back()
    return response


@router.get("/assets/{version}/{name}", response_model=None, responses=page_responses(200, 404))
async def read_asset(version: str, name: str) -> Response:
    """A file that pages need."""
    return assets().answer(version, name)


ROUTERS: Final = (router, sign_in_routes.router, sign_in_routes.back_channel)
"""All of people's."""
