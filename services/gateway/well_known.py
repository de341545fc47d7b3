"""What the node publishes about itself: OAuth metadata (RFC 8414, RFC 9728), the key set of its tokens, its signed statement for peers."""

from pathlib import Path
from typing import Any, Final

from authlib.oauth2.rfc8414 import AuthorizationServerMetadata
from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from safepassage.node_statement import CONTENT_TYPE, WELL_KNOWN_PATH
from safepassage.problems.requests import NotFound
from safepassage.wire_access import OBLIGATION_KINDS
from services.gateway.oauth import authorization_details, client_certificates, token_exchange
from services.gateway.oauth.client_keys import ASSERTION_ALGORITHMS, PROOF_ALGORITHMS
from services.gateway.oauth.scopes import SCOPES
from services.gateway.oauth.signing_keys import WatchedTokenKeys
from shared.problems import responses

router = APIRouter(tags=["published"])

MAX_STATEMENT_BYTES: Final = 64 * 1024


def metadata_of(issuer: str, *, legacy: bool = False, certificates: bool = False) -> dict[str, Any]:
    """RFC 8414's document.

    legacy        clients with a secret are let in
    certificates  clients with a certificate are (RFC 8705)

    Raises ValueError for an issuer that is no https URL or loopback.
    """
    methods = ["private_key_jwt", *(client_certificates.METHODS if certificates else ())]
    document = {
        "issuer": issuer,
        "token_endpoint": f"{issuer}/oauth/token",
        "revocation_endpoint": f"{issuer}/oauth/revoke",
        "introspection_endpoint": f"{issuer}/oauth/introspect",
        "registration_endpoint": f"{issuer}/oauth/register",
        "jwks_uri": f"{issuer}/oauth/jwks",
        "scopes_supported": sorted(SCOPES),
        "authorization_endpoint": f"{issuer}/oauth/authorize",
        "pushed_authorization_request_endpoint": f"{issuer}/oauth/par",
        "require_pushed_authorization_requests": True,
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
        "grant_types_supported": ["client_credentials", "authorization_code", "refresh_token", token_exchange.GRANT_TYPE],
        "token_endpoint_auth_methods_supported": [*methods, *(("client_secret_basic", "client_secret_post") if legacy else ())],
        "token_endpoint_auth_signing_alg_values_supported": list(ASSERTION_ALGORITHMS),
        "revocation_endpoint_auth_methods_supported": methods,
        "revocation_endpoint_auth_signing_alg_values_supported": list(ASSERTION_ALGORITHMS),
        "introspection_endpoint_auth_methods_supported": methods,
        "introspection_endpoint_auth_signing_alg_values_supported": list(ASSERTION_ALGORITHMS),
        "introspection_signing_alg_values_supported": ["Ed25519"],
        "tls_client_certificate_bound_access_tokens": certificates,
        "dpop_signing_alg_values_supported": list(PROOF_ALGORITHMS),
        "authorization_details_types_supported": [authorization_details.TYPE],
    }
    metadata = AuthorizationServerMetadata(document)
    metadata.validate_issuer()
    metadata.validate_authorization_endpoint()
    metadata.validate_token_endpoint()
    metadata.validate_registration_endpoint()
    metadata.validate_jwks_uri()
    metadata.validate_revocation_endpoint()
    metadata.validate_introspection_endpoint()
    metadata.validate_response_types_supported()
    metadata.validate_response_modes_supported()
    metadata.validate_code_challenge_methods_supported()
    metadata.validate_grant_types_supported()
    metadata.validate_token_endpoint_auth_methods_supported()
    metadata.validate_token_endpoint_auth_signing_alg_values_supported()
    return document


def resource_of(issuer: str, *, legacy: bool = False, certificates: bool = False) -> dict[str, Any]:
    """RFC 9728's document: the node is its own resource. Parameters as of `metadata_of`."""
    bearer = legacy or certificates
    return {
        "resource": issuer,
        "authorization_servers": [issuer],
        "scopes_supported": sorted(SCOPES),
        "bearer_methods_supported": ["header"] if bearer else [],
        "dpop_signing_alg_values_supported": list(PROOF_ALGORITHMS),
        "dpop_bound_access_tokens_required": not bearer,
        "tls_client_certificate_bound_access_tokens": certificates,
        "authorization_details_types_supported": [authorization_details.TYPE],
    }


def decision_point_of(issuer: str) -> dict[str, Any]:
    """AuthZEN's metadata (Authorization API 1.0, section "PDP metadata"); the kinds of obligation are a parameter of our own."""
    return {
        "policy_decision_point": issuer,
        "access_evaluation_endpoint": f"{issuer}/access/v1/evaluation",
        "access_evaluations_endpoint": f"{issuer}/access/v1/evaluations",
        "search_subject_endpoint": f"{issuer}/access/v1/search/subject",
        "search_resource_endpoint": f"{issuer}/access/v1/search/resource",
        "search_action_endpoint": f"{issuer}/access/v1/search/action",
        "supported_obligations": list(OBLIGATION_KINDS),
    }


class NodeStatementFile:
    """The node's own statement: a file that the operator's command replaces, read again when it has changed."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._seen: tuple[int, int] | None = None
        self._statement = b""

    def read(self) -> bytes:
        """The compact JWS. Raises NotFound where there is none."""
        if self._path is None:
            raise NotFound
        try:
            status = self._path.stat()
            seen = (status.st_mtime_ns, status.st_size)
            if seen != self._seen and status.st_size <= MAX_STATEMENT_BYTES:
                self._statement, self._seen = self._path.read_bytes().strip(), seen
        except OSError as error:
            if not self._statement:
                raise NotFound from error
        return self._statement


@router.get("/.well-known/oauth-authorization-server", response_model=None)
async def read_authorization_server_metadata(request: Request) -> Response:
    """RFC 8414."""
    return JSONResponse(request.app.state.metadata)


@router.get("/.well-known/oauth-protected-resource", response_model=None)
async def read_protected_resource_metadata(request: Request) -> Response:
    """RFC 9728."""
    return JSONResponse(request.app.state.resource_metadata)


@router.get("/.well-known/authzen-configuration", response_model=None)
async def read_decision_point_metadata(request: Request) -> Response:
    """AuthZEN Authorization API 1.0: where access decisions are made."""
    return JSONResponse(request.app.state.decision_point_metadata)


@router.get("/oauth/jwks", response_model=None)
async def read_key_set(request: Request) -> Response:
    """The keys that verify the node's access tokens (RFC 7517)."""
    keys: WatchedTokenKeys = request.app.state.token_keys
    return JSONResponse({"keys": keys.current.jwks}, media_type="application/jwk-set+json")


@router.get(
    WELL_KNOWN_PATH,
    response_model=None,
    responses={200: {"description": "sp-node+jws", "content": {CONTENT_TYPE: {"schema": {"type": "string"}}}}, **responses(NotFound)},
)
async def read_node_statement(request: Request) -> Response:
    """The node's signed statement of its operational keys, for peers."""
    statement: NodeStatementFile = request.app.state.node_statement
    return Response(statement.read(), media_type=CONTENT_TYPE)
