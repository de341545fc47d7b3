"""Whether a token opens a route. Pure."""

from safepassage.problems.requests import NotPermitted
from services.gateway.door.route import Route
from services.gateway.oauth.tokens import VerifiedToken
from shared.scope_missing import ScopeMissing


def require_permission(route: Route, verified: VerifiedToken) -> None:
    """Raises NotPermitted unless the token has a scope of the route, and comes from whom the route accepts.

    INVARIANT: asked for each request; a token that is kept as verified for one route opens no other.
    """
    if (verified.claims.organisation_kind == "peer") != (route.accepts == "peers"):
        raise NotPermitted(
            "only another node's client may do this" if route.accepts == "peers" else "another node's client may not do this"
        )
    has = verified.caller.scopes
    if route.scopes.isdisjoint(has) or not route.and_scopes <= has:
        alternatives = sorted(route.scopes, key=lambda scope: (scope not in has, scope))
        raise ScopeMissing(*alternatives, beside=tuple(sorted(route.and_scopes)))
