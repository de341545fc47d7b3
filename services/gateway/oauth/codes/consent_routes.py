"""`/oauth/authorize`: the page on which a person lets an application act for them, or does not. It works without a script.

It takes the name of a pushed request (FAPI 2.0 section 5.3.2.2), and what was pushed counts: clients may send the same parameters in
the address as well, and those are left unread (RFC 6749 section 3.1, RFC 9101 section 5). What has no name of a pushed request is
answered here, by a page, and sent on to nobody.
"""

from typing import Final
from urllib.parse import parse_qsl, urlencode

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from safepassage.problems.people import AuthorizationNotAsked, StepUpNeeded
from safepassage.problems.requests import InvalidRequest
from services.gateway.console.element_words import ELEMENT_WORDS, SECTION_WORDS
from services.gateway.console.purpose_words import PURPOSE_WORDS
from services.gateway.console.words import spaced
from services.gateway.door.route import PAGE_HEADERS
from services.gateway.oauth.codes.asking import Asking
from services.gateway.oauth.codes.pushing import URN
from services.gateway.oauth.codes.redirects import origin_of
from services.gateway.oauth.scopes import SCOPES
from services.gateway.people.forms import read_form
from services.gateway.people.pages import PageRoute, page, page_responses
from services.gateway.people.roles import ROLES
from services.gateway.people.signed_in import SignedInPerson

router = APIRouter(tags=["oauth"], route_class=PageRoute)

PATH: Final = "/oauth/authorize"
_POLICY: Final = dict(PAGE_HEADERS)["content-security-policy"]
_STRING: Final = {"type": "string"}
_FORM: Final = {
    "application/x-www-form-urlencoded": {
        "schema": {
            "type": "object",
            "required": ["token", "client_id", "request_uri", "answer"],
            "additionalProperties": False,
            "properties": {"token": _STRING, "client_id": _STRING, "request_uri": _STRING, "answer": {"enum": ["approve", "refuse"]}},
        }
    }
}
_DATATYPE_WORDS: Final = {**SECTION_WORDS, **ELEMENT_WORDS}
_FIELDS: Final = frozenset({"token", "client_id", "request_uri", "answer"})
_NAMED: Final = ("client_id", "request_uri")
_MOST_PARAMETERS: Final = 32
_QUERY: Final = [{"name": name, "in": "query", "required": True, "schema": _STRING} for name in _NAMED]


@router.get(PATH, response_model=None, responses=page_responses(200, 303), openapi_extra={"parameters": _QUERY})
async def ask_person(person: SignedInPerson, request: Request) -> Response:
    """Ask a person who is signed in whether an application may act for them."""
    asking: Asking = request.app.state.asking
    client_id, request_uri = _name(request.scope["query_string"])
    try:
        asked = await asking.ask(client_id, request_uri, person, request.app.state.clock())
    except StepUpNeeded:
        back = f"{PATH}?{urlencode({'client_id': client_id, 'request_uri': request_uri})}"
        return RedirectResponse(f"/sign-in?{urlencode({'back': back, 'step': 'up'})}", 303)
    answer = page(
        "oauth/codes/consent.html",
        request.scope,
        asked=asked,
        person=person,
        role=ROLES[person.role],
        purpose=asked.details and PURPOSE_WORDS.get(asked.details.purpose, spaced(asked.details.purpose)),
        datatypes=[_DATATYPE_WORDS.get(one, spaced(one)) for one in (asked.details.datatypes or () if asked.details else ())],
        may={scope: SCOPES[scope].summary for scope in (*asked.granted, *asked.left_out)},
        hours=f"{asking.lasts.total_seconds() / 3600:g}",
        goes_to=origin_of(asked.request.redirect_uri),
        client_id=client_id,
        request_uri=request_uri,
    )
    # A browser holds a form's redirect against the policy too: the answer leads to the application, and to no other site.
    if asked.application.sends_back:
        answer.headers["content-security-policy"] = _POLICY.replace(
            "form-action 'self'", f"form-action 'self' {origin_of(asked.request.redirect_uri)}"
        )
    return answer


@router.post(PATH, response_model=None, responses=page_responses(303), openapi_extra={"requestBody": {"required": True, "content": _FORM}})
async def answer_application(person: SignedInPerson, request: Request) -> Response:
    """Answer an application for the person: with a code for what they agreed to, or that they did not."""
    state, form = request.app.state, read_form(await request.body())
    if not form.keys() <= _FIELDS:
        raise InvalidRequest("the page's form has its own fields, and nothing else")
    if form.get("answer") not in ("approve", "refuse"):
        raise InvalidRequest("approve or refuse", field="answer")
    client_id, request_uri = form.get("client_id", ""), form.get("request_uri", "")
    address = request.scope["state"].get("address")
    asking: Asking = state.asking
    approved = form["answer"] == "approve"
    return RedirectResponse(await asking.answer(client_id, request_uri, person, approved=approved, address=address, now=state.clock()), 303)


def _name(query: bytes) -> tuple[str, str]:
    """Client and name of the request. Raises AuthorizationNotAsked where one is missing, for anything twice, and for a request object."""
    try:
        pairs = parse_qsl(
            query.decode("ascii"), keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=_MOST_PARAMETERS
        )
    except ValueError as error:
        raise AuthorizationNotAsked("the address cannot be read") from error
    named = dict(pairs)
    if len(named) != len(pairs):
        raise AuthorizationNotAsked("a parameter is there twice")
    if not named.keys() >= set(_NAMED) or "request" in named or not named["request_uri"].startswith(URN):
        raise AuthorizationNotAsked("client_id and the request_uri of a pushed request are needed")
    return named["client_id"], named["request_uri"]
