"""`GET /oauth/token_info`: a client asks what its token may do, instead of trying."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

from safepassage.wire import Digest
from safepassage.wire_tokens import GrantedScope, TokenInfo, TokenOperation
from services.gateway.door.coarse_details import opens
from services.gateway.door.route import Route
from services.gateway.oauth.authorization_details import StudentDataAccess
from services.gateway.oauth.scopes import OFFICIALS_ACT, SCOPES
from services.gateway.oauth.tokens import AccessClaims
from shared.officials import official_of

PATH: Final = "/oauth/token_info"


def token_info(claims: AccessClaims, *, organisation_name: str, routes: Sequence[Route], person: Digest | None) -> TokenInfo:
    """What the token of these claims may do at `routes`. Pure.

    person  for whom the client acts, as the node's services know them: told, as an official, to who may act as one alone
    """
    scopes = frozenset(claims.scope.split())
    return TokenInfo(
        token_id=claims.jti,
        client_id=claims.client_id,
        organisation_id=claims.organisation_id,
        organisation_name=organisation_name,
        organisation_kind=claims.organisation_kind,
        role=claims.role,
        official=official_of(person) if person is not None and scopes & OFFICIALS_ACT else None,
        scopes=tuple(GrantedScope(scope=scope, summary=SCOPES[scope].summary) for scope in sorted(scopes)),
        authorization_details=tuple(one.claims() for one in claims.authorization_details),
        operations=_opened(tuple(routes), scopes, claims.authorization_details),
        key=claims.key,
        issued_at=datetime.fromtimestamp(claims.iat, UTC),
        expires_at=datetime.fromtimestamp(claims.exp, UTC),
    )


@lru_cache(maxsize=256)
def _opened(routes: tuple[Route, ...], scopes: frozenset[str], details: tuple[StudentDataAccess, ...]) -> tuple[TokenOperation, ...]:
    opened = (
        route
        for route in routes
        if route.accepts == "clients" and not route.scopes.isdisjoint(scopes) and route.and_scopes <= scopes and opens(route, details)
    )
    return tuple(TokenOperation(method=route.method, path=route.template) for route in opened)
