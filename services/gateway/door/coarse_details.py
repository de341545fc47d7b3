"""Whether a token's authorization details open a route at all: by what the route does, coarsely. What leaves is decided behind it. Pure."""

from collections.abc import Sequence

from services.gateway.door.route import Route
from services.gateway.oauth.authorization_details import StudentDataAccess
from services.gateway.oauth.scopes import CLIENT_SCOPES
from shared.scope_missing import TokenTooNarrow


def require_details(route: Route, details: Sequence[StudentDataAccess]) -> None:
    """Raises TokenTooNarrow where the details are for something else than the route is.

    INVARIANT: a token that is narrowed to actions or to some data opens no route that does not know of that narrowing. What every scope
    opens tells a client of its own token, and no more.
    """
    if route.scopes >= CLIENT_SCOPES:
        return
    for one in details:
        if one.actions is not None and route.action not in one.actions:
            raise TokenTooNarrow("the token's authorization details are for other actions")
        if not route.cut and (one.datatypes is not None or one.districts is not None):
            raise TokenTooNarrow("the token's authorization details are for some data, and this operation is not narrowed to them")


def opens(route: Route, details: Sequence[StudentDataAccess]) -> bool:
    """Whether `require_details` lets a token through."""
    try:
        require_details(route, details)
    except TokenTooNarrow:
        return False
    return True
