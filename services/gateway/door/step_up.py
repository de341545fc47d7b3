"""What a person has to have proved who they are lately for, when an application asks for it on their behalf (RFC 9470). Pure.

INVARIANT: what the node's own pages ask it for they are asked for whichever way they come (tests/gateway/console/test_weighty_acts).

The application is told what is wanted, and asks the person again with it (`max_age`, `acr_values`). Clients that act for themselves are
never asked: nobody is there.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from safepassage.problems.people import PersonNotRecentlySeen
from services.gateway.door.route import Route
from services.gateway.oauth.tokens import AccessClaims

ASKED_FOR: Final = frozenset(
    {
        "alerts:review",
        "audit:export",
        "exchange:operate",
        "matches:resolve",
        "obligations:waive",
        "policies:activate",
        "policies:approve",
        "readiness:attest",
        "retention:approve",
        "retention:destroy",
        "retention:hold",
    }
)
"""Exports, approvals, and what an official puts their name to: a route that changes something and that these alone open."""

BREAKS_GLASS: Final = ("POST", "/v1/evidence")
"""By which an emergency is put on record, and children's records are then disclosed without a consent (34 CFR 99.36)."""

ACTS: Final = frozenset(
    {
        BREAKS_GLASS,
        ("POST", "/v1/consents"),
        ("POST", "/v1/consents/{consent_id}/narrowing"),
        ("POST", "/v1/consents/{consent_id}/withdrawal"),
        ("POST", "/v1/duties"),
        ("POST", "/v1/duties/{duty_id}/waiver"),
        ("POST", "/v1/preferences"),
        ("POST", "/v1/preferences/{preference_id}/rescission"),
        ("POST", "/v1/students/{student_id}/hand-carry-copies"),
        ("POST", "/v1/students/{student_id}/transcripts"),
    }
)
"""What is done in a family's or the agency's name, among other things that the same scopes open."""

FILES: Final = ("/document", "/page", "/table")
"""So end the paths of what leaves as a file."""


def asks_step_up(route: Route) -> bool:
    """Whether a route wants a person who has proved who they are only just now."""
    if route.accepts != "clients" or not route.scopes:
        return False
    if route.method == "GET":
        return route.template.endswith(FILES)
    return route.scopes <= ASKED_FOR or (route.method, route.template) in ACTS


def require_step_up(route: Route, claims: AccessClaims, *, seconds: int, strong: Sequence[str], now: datetime) -> None:
    """Raises PersonNotRecentlySeen unless the token's person proved who they are within `seconds`, in one of the ways of `strong`.

    seconds, strong  what the node asks of its own pages (`people_step_up_seconds`, `people_strong_acr`); none is any
    """
    if claims.authorization_id is None or not asks_step_up(route):
        return
    if now.timestamp() >= (claims.auth_time or 0) + seconds or (strong and claims.acr not in strong):
        raise PersonNotRecentlySeen(max_age_seconds=seconds, acr_values=strong)
