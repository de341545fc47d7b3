"""The endpoint where a client pushes its authorization request."""

from authlib.oauth2.rfc6749.errors import OAuth2Error
from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from services.gateway.oauth.client_authentication import ASSERTION_TYPE
from services.gateway.oauth.codes.pushing import PATH, Pushing
from services.gateway.oauth.forms import parse_form
from shared.telemetry import note_problem

router = APIRouter(tags=["oauth"])

NOT_STORED = {"cache-control": "no-store", "pragma": "no-cache"}

_FIELDS = {
    "response_type": {"const": "code"},
    "redirect_uri": {"type": "string", "description": "Exactly one that is registered."},
    "code_challenge": {"type": "string", "description": "RFC 7636: base64url of the SHA-256 of the verifier."},
    "code_challenge_method": {"const": "S256"},
    "scope": {"type": "string", "description": "Separated by spaces; by default all that the client has."},
    "state": {"type": "string", "description": "Comes back with the answer."},
    "authorization_details": {"type": "string", "description": "RFC 9396: one student_data_access."},
    "resource": {"type": "string", "description": "RFC 8707: by default the node; or a resource server's URL."},
    "dpop_jkt": {"type": "string", "description": "RFC 9449 section 10: the key that the code is bound to, where no proof comes."},
    "acr_values": {"type": "string", "description": "RFC 9470: how the person has to have proved who they are."},
    "max_age": {"type": "string", "description": "RFC 9470: how many seconds ago at the most."},
    "client_assertion_type": {"const": ASSERTION_TYPE},
    "client_assertion": {"type": "string", "description": "RFC 7523, as for a token."},
}
_NEEDED = ["response_type", "redirect_uri", "code_challenge", "code_challenge_method", "client_assertion_type", "client_assertion"]
_FORM = {"application/x-www-form-urlencoded": {"schema": {"type": "object", "required": _NEEDED, "properties": _FIELDS}}}


@router.post(
    PATH,
    status_code=201,
    response_model=None,
    responses={201: {"description": "A name for the request (RFC 9126)", "content": {"application/json": {"schema": {"type": "object"}}}}},
    openapi_extra={
        "requestBody": {"required": True, "content": _FORM},
        "parameters": [{"name": "DPoP", "in": "header", "schema": {"type": "string"}, "description": "RFC 9449"}],
    },
)
async def push_authorization_request(request: Request) -> Response:
    """Leave an authorization request here, and get the `request_uri` to send the person's browser with."""
    state = request.app.state
    endpoint: Pushing = state.pushing
    now = state.clock()
    try:
        form = parse_form(await request.body(), content_type=request.headers.get("content-type", ""), query=request.scope["query_string"])
        answer = await endpoint.push(
            form,
            authorization="authorization" in request.headers,
            proofs=request.headers.getlist("dpop"),
            address=request.scope["state"].get("address"),
            certificate=request.scope["state"].get("certificate"),
            now=now,
        )
    except OAuth2Error as error:
        state.refusals.count_error(error, now)
        status, document, own = error()
        note_problem(request.scope, error.error)
        kept = {name.lower(): value for name, value in own if name == "Retry-After"}
        return JSONResponse(document, status, {**NOT_STORED, **endpoint.proofs.headers(error, now), **kept})
    return JSONResponse(answer, 201, {**NOT_STORED, **endpoint.proofs.headers(None, now)})
