"""What a person has to have proved who they are lately for, when an application asks for it on their behalf (RFC 9470). Pure.

The application is told what is wanted, and asks the person again with it (`max_age`, `acr_values`). Clients that act for themselves are
never asked: nobody is there.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from safepassage.problems.people import PersonNotRecentlySeen
from services.gateway.door.route import Route
from services.gateway.oauth.tokens import AccessClaims

ASKED_FOR: Final = frozenset({"audit:export", "policies:approve", "retention:approve", "obligations:waive"})
"""Exports and approvals: a route that changes something and that these alone open."""

BREAKS_GLASS: Final = ("POST", "/v1/evidence")
"""By which an emergency is put on record, and children's records are then disclosed without a consent (34 CFR 99.36)."""

FILES: Final = frozenset(
    ("GET", template)
    for template in (
        "/v1/students/{student_id}/disclosure-accounting/document",
        "/v1/students/{student_id}/disclosure-accounting/table",
        "/v1/disclosure-copies/{copy_id}/table",
    )
)
"""Exports that are read: what they give leaves as a file, for which the node's own pages ask too."""

_TOO: Final = FILES | {BREAKS_GLASS}


def asks_step_up(route: Route) -> bool:
    """Whether a route wants a person who has proved who they are only just now."""
    if (route.method, route.template) in _TOO:
        return True
    return route.accepts == "clients" and route.method != "GET" and bool(route.scopes) and route.scopes <= ASKED_FOR


def require_step_up(route: Route, claims: AccessClaims, *, seconds: int, strong: Sequence[str], now: datetime) -> None:
    """Raises PersonNotRecentlySeen unless the token's person proved who they are within `seconds`, in one of the ways of `strong`.

    seconds, strong  what the node asks of its own pages (`people_step_up_seconds`, `people_strong_acr`); none is any
    """
    if claims.authorization_id is None or not asks_step_up(route):
        return
    if now.timestamp() >= (claims.auth_time or 0) + seconds or (strong and claims.acr not in strong):
        raise PersonNotRecentlySeen(max_age_seconds=seconds, acr_values=strong)
