"""The authorization server's endpoints beside the token's: taking a token back, asking about one, asking what one's own may do."""

from typing import Annotated, Any

from authlib.oauth2.rfc6749.errors import OAuth2Error
from fastapi import APIRouter, Depends, Request
from starlette.responses import JSONResponse, Response

from safepassage.problems.requests import NotAuthenticated
from safepassage.wire_tokens import TokenInfo
from services.gateway.door.routing_table import ROUTES
from services.gateway.oauth import introspection, revocation, token_info
from services.gateway.oauth.client_authentication import ASSERTION_TYPE
from services.gateway.oauth.forms import parse_form
from services.gateway.oauth.introspection import Introspection
from services.gateway.oauth.revocation import Revocation
from services.gateway.oauth.tokens import AccessClaims
from services.gateway.registry.callers import any_caller
from services.gateway.tables import OrganisationRow
from shared.database import ReadOnly
from shared.internal_token import CallerClaims
from shared.telemetry import note_problem

router = APIRouter(tags=["oauth"])

NOT_STORED = {"cache-control": "no-store", "pragma": "no-cache"}


def _form(**about: str) -> dict[str, Any]:
    """The OpenAPI description of a form that a client sends with its assertion."""
    properties: dict[str, Any] = {
        "token": {"type": "string"},
        "token_type_hint": {"type": "string", "description": "Not needed, and not believed."},
        "client_assertion_type": {"const": ASSERTION_TYPE},
        "client_assertion": {"type": "string", "description": "RFC 7523, as for a token."},
    }
    properties |= {name: {"type": "string", "description": said} for name, said in about.items()}
    schema = {"type": "object", "required": ["token", "client_assertion_type", "client_assertion"], "properties": properties}
    return {"requestBody": {"required": True, "content": {"application/x-www-form-urlencoded": {"schema": schema}}}}


@router.post(
    revocation.PATH, response_model=None, openapi_extra=_form(), responses={200: {"description": "It counts no more, if it ever did"}}
)
async def revoke_token(request: Request) -> Response:
    """Take a token of one's own back (RFC 7009). What is no such token is answered alike."""
    endpoint: Revocation = request.app.state.revocation
    try:
        await endpoint.take_back(await _parameters(request), **_about(request))
    except OAuth2Error as error:
        return _refused(request, error)
    return Response(status_code=200, headers=NOT_STORED)


@router.post(
    introspection.PATH,
    response_model=None,
    openapi_extra=_form(),
    responses={
        200: {
            "description": "Whether the token counts, and what it is for",
            "content": {"application/json": {"schema": {"type": "object"}}, introspection.SIGNED: {"schema": {"type": "string"}}},
        }
    },
)
async def introspect_token(request: Request) -> Response:
    """Ask about a token (RFC 7662); signed where `Accept` is application/token-introspection+jwt (RFC 9701)."""
    endpoint: Introspection = request.app.state.introspection
    about = _about(request)
    try:
        told, client_id = await endpoint.tell(await _parameters(request), **about)
    except OAuth2Error as error:
        return _refused(request, error)
    if introspection.SIGNED in request.headers.get("accept", "").lower():
        signed = endpoint.signed(told, client_id=client_id, now=about["now"])
        return Response(signed, media_type=introspection.SIGNED, headers=NOT_STORED)
    return JSONResponse(told, headers=NOT_STORED)


@router.get(token_info.PATH)
async def read_token_info(caller: Annotated[CallerClaims, Depends(any_caller)], request: Request, tx: ReadOnly) -> TokenInfo:
    """What the token that this request comes with may do."""
    claims = request.scope["state"].get("token")
    organisation = await tx.get(OrganisationRow, caller.organisation_id)
    if not isinstance(claims, AccessClaims) or organisation is None:
        raise NotAuthenticated
    return token_info.token_info(claims, organisation_name=organisation.organisation.name, routes=ROUTES, person=caller.person)


async def _parameters(request: Request) -> dict[str, str]:
    content_type = request.headers.get("content-type", "")
    return parse_form(await request.body(), content_type=content_type, query=request.scope["query_string"])


def _about(request: Request) -> dict[str, Any]:
    state = request.app.state
    seen = request.scope["state"]
    return {
        "authorization": "authorization" in request.headers,
        "address": seen.get("address"),
        "certificate": seen.get("certificate"),
        "now": state.clock(),
    }


def _refused(request: Request, error: OAuth2Error) -> Response:
    state = request.app.state
    state.refusals.count_error(error, state.clock())
    status, document, own = error()
    note_problem(request.scope, error.error)
    kept = {name.lower(): value for name, value in own if name == "Retry-After"}
    return JSONResponse(document, status, {**NOT_STORED, **kept})
