"""`/oauth/register`: clients that register themselves (RFC 7591) and manage what was registered (RFC 7592)."""

from typing import Any, Final

from authlib.oauth2.rfc6749.errors import OAuth2Error
from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from services.gateway.oauth.error_documents import OAUTH_ERROR
from services.gateway.registration.managing import Managing
from services.gateway.registration.registering import PATH, Registering
from shared.telemetry import note_problem

router = APIRouter(tags=["oauth"])

ONE: Final = f"{PATH}/{{client_id}}"
NOT_STORED: Final = {"cache-control": "no-store", "pragma": "no-cache"}

_TEXTS: Final = {"type": "array", "items": {"type": "string"}}
_METADATA: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "software_statement": {"type": "string", "description": "A publisher's signed word; what it says counts instead of the rest."},
        "client_name": {"type": "string", "maxLength": 200},
        "scope": {"type": "string", "description": "Separated by spaces; all that the client's tokens may ever have."},
        "purposes": {**_TEXTS, "description": "All that its tokens may ever be for."},
        "organisation_id": {"type": "string", "format": "uuid"},
        "jwks": {"type": "object", "description": "Public keys; or jwks_uri, never both."},
        "jwks_uri": {"type": "string", "format": "uri", "description": "https, at a public address."},
        "token_endpoint_auth_method": {"enum": ["private_key_jwt", "tls_client_auth"]},
        **{
            f"tls_client_auth_{kind}": {"type": "string", "description": "RFC 8705: the one name of the certificate."}
            for kind in ("subject_dn", "san_dns", "san_uri", "san_ip", "san_email")
        },
        "grant_types": {**_TEXTS, "description": "Of client_credentials, authorization_code, refresh_token."},
        "response_types": {**_TEXTS, "description": "code, with authorization_code."},
        "redirect_uris": {**_TEXTS, "description": "Where people are sent back to: exactly, https. A statement's, where there is one."},
        "software_id": {"type": "string"},
        "software_version": {"type": "string"},
        "contacts": {**_TEXTS, "description": "Addresses of desks, not of persons."},
    },
}
_BODY: Final = {"requestBody": {"required": True, "content": {"application/json": {"schema": _METADATA}}}}
_TOLD: Final = {"application/json": {"schema": {"type": "object"}}}


@router.post(
    PATH,
    status_code=201,
    response_model=None,
    openapi_extra=_BODY,
    responses={201: {"description": "Registered: the client, and the token to manage it with", "content": _TOLD}},
)
async def register_oneself(request: Request) -> Response:
    """Register as a client, by a software statement or with an initial access token as the bearer token (RFC 7591)."""
    endpoint: Registering = request.app.state.registering
    try:
        told = await endpoint.register(await request.body(), content_type=_type(request), **_about(request))
    except OAuth2Error as error:
        return _refused(request, error)
    return JSONResponse(told, 201, NOT_STORED)


@router.get(ONE, response_model=None, responses={200: {"description": "What is registered", "content": _TOLD}})
async def read_own_registration(client_id: str, request: Request) -> Response:
    """Read one's own registration (RFC 7592 section 2.1)."""
    endpoint: Managing = request.app.state.managing
    try:
        return JSONResponse(await endpoint.read(client_id, bearer=_bearer(request)), headers=NOT_STORED)
    except OAuth2Error as error:
        return _refused(request, error)


@router.put(
    ONE,
    response_model=None,
    openapi_extra=_BODY,
    responses={200: {"description": "What is registered now, and the next token", "content": _TOLD}},
)
async def change_own_registration(client_id: str, request: Request) -> Response:
    """Replace what one's own registration says (RFC 7592 section 2.2). What it may have can only become less."""
    endpoint: Managing = request.app.state.managing
    try:
        told = await endpoint.change(client_id, await request.body(), content_type=_type(request), **_about(request))
    except OAuth2Error as error:
        return _refused(request, error)
    return JSONResponse(told, headers=NOT_STORED)


@router.delete(ONE, response_model=None, status_code=204, responses={204: {"description": "Ended; its tokens count no more"}})
async def end_own_registration(client_id: str, request: Request) -> Response:
    """End one's own registration for good (RFC 7592 section 2.3)."""
    endpoint: Managing = request.app.state.managing
    try:
        await endpoint.end(client_id, **_about(request))
    except OAuth2Error as error:
        return _refused(request, error)
    return Response(status_code=204, headers=NOT_STORED)


def document(document: dict[str, Any]) -> None:
    """Where the endpoints refuse they answer OAuth's errors; the door in front of them answers problems as everywhere."""
    for path in (PATH, ONE):
        for method, operation in document["paths"][path].items():
            for status in ("400", "401"):
                operation["responses"][status] = {
                    "description": "OAuth error (RFC 7591 section 3.2.2, RFC 6750 section 3.1)",
                    "content": {"application/json": {"schema": OAUTH_ERROR}},
                }
            for status in ("403",) if method in ("post", "put") else ("403", "422"):
                operation["responses"].pop(status, None)


def _type(request: Request) -> str:
    return request.headers.get("content-type", "")


def _bearer(request: Request) -> str | None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def _about(request: Request) -> dict[str, Any]:
    return {"bearer": _bearer(request), "address": request.scope["state"].get("address"), "now": request.app.state.clock()}


def _refused(request: Request, error: OAuth2Error) -> Response:
    state = request.app.state
    state.refusals.count_error(error, state.clock())
    status, told, own = error()
    note_problem(request.scope, error.error)
    kept = {name.lower(): value for name, value in own if name in ("Retry-After", "WWW-Authenticate")}
    return JSONResponse(told, status, {**NOT_STORED, **kept})
