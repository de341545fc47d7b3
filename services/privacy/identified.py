"""Whoever acts for themselves or a child was identified before, and not long before (34 CFR 99.31(c))."""

from datetime import datetime

from safepassage.problems.rights import RequestIncomplete
from safepassage.wire_policy import ActingFor
from shared.caller import Caller
from shared.identity_checks import require_checked_lately


def require_identified(acting_for: ActingFor, caller: Caller, *, at: datetime, now: datetime, days: int) -> None:
    """Raise RequestIncomplete for a check that is yet to come, IdentityCheckTooOld for one more than `days` before `at`.

    at  when they said it, at the latest now

    Of a family member who came in by a link the link says it: it was made within those days, and is good for a time of its own.
    """
    if acting_for.authenticated_at > now:
        raise RequestIncomplete("the person was authenticated before: 99.31(c)", field="acting_for.authenticated_at")
    if caller.claims.family is None:
        require_checked_lately(acting_for.authenticated_at, at=min(at, now), days=days)
