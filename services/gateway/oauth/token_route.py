"""`POST /oauth/token` as the document describes it and as it is answered; services.gateway.oauth.token_endpoint says what."""

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from services.gateway.oauth import token_exchange
from services.gateway.oauth.client_authentication import ENDPOINT
from services.gateway.oauth.token_endpoint import TokenEndpoint
from shared.plain_route import PlainRoute
from shared.telemetry import note_problem

router = APIRouter(tags=["oauth"])


@router.post(
    ENDPOINT,
    response_model=None,
    responses={
        200: {"description": "A DPoP-bound access token (RFC 9068)", "content": {"application/json": {"schema": {"type": "object"}}}},
    },
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/x-www-form-urlencoded": {
                    "schema": {
                        "type": "object",
                        "required": ["grant_type", "client_assertion_type", "client_assertion"],
                        "properties": {
                            "grant_type": {
                                "enum": ["client_credentials", "authorization_code", "refresh_token", token_exchange.GRANT_TYPE]
                            },
                            "scope": {"type": "string", "description": "Separated by spaces; by default all that the client has."},
                            "client_assertion_type": {"const": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
                            "client_assertion": {"type": "string", "description": "RFC 7523; aud is the issuer, 60 seconds at the most."},
                            "authorization_details": {"type": "string", "description": "RFC 9396: one student_data_access."},
                            "resource": {"type": "string", "description": "RFC 8707: by default the node; or a resource server's URL."},
                            "subject_token": {"type": "string", "description": "RFC 8693: an access token in force, to be narrowed."},
                            "subject_token_type": {"const": token_exchange.ACCESS_TOKEN},
                            "requested_token_type": {"const": token_exchange.ACCESS_TOKEN},
                            "audience": {"type": "string", "description": "RFC 8693: none but the subject token's."},
                            "code": {"type": "string", "description": "Of authorization_code; once, within a minute."},
                            "redirect_uri": {"type": "string", "description": "Of authorization_code: as it was pushed."},
                            "code_verifier": {"type": "string", "description": "Of authorization_code: RFC 7636."},
                            "refresh_token": {"type": "string", "description": "Of refresh_token; each gives the next one."},
                        },
                    }
                }
            },
        },
        "parameters": [{"name": "DPoP", "in": "header", "required": True, "schema": {"type": "string"}, "description": "RFC 9449"}],
    },
)
async def issue_token(request: Request) -> Response:
    """Issue an access token, bound to a key (DPoP), to a client that signs (private_key_jwt): for itself, or for a person who agreed."""
    endpoint: TokenEndpoint = request.app.state.token_endpoint
    status, document, headers = await endpoint.answer(
        await request.body(),
        content_type=request.headers.get("content-type", ""),
        query=request.scope["query_string"],
        authorization=request.headers.get("authorization"),
        certificate=request.scope["state"].get("certificate"),
        proofs=request.headers.getlist("dpop"),
        address=request.scope["state"].get("address"),
    )
    if status >= 400:
        note_problem(request.scope, document["error"])
    return JSONResponse(document, status, headers)


# FastAPI describes it, and takes no part: it has nothing to read here that the form's own rules do not.
router.routes.append(PlainRoute(ENDPOINT, issue_token, methods=["POST"], include_in_schema=False))
