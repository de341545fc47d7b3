"""How old the check of somebody's identity may be on whose word an agency acts (34 CFR 99.31(c); docs/decisions/0091)."""

from datetime import datetime, timedelta
from typing import Annotated, Final

from pydantic import Field

from safepassage.problems.rights import IdentityCheckTooOld

USUAL_DAYS: Final = 30
"""The longest time that NIST SP 800-63A lets lie between a check and the first use of a code that was sent to who was checked."""

IdentityCheckDays = Annotated[
    int,
    Field(
        ge=1,
        le=366,
        description="Days between the check of a person's identity and what an agency does on their word, at the most. A link to the "
        "family's page is made within them, and carries the check from then on.",
    ),
]


def require_checked_lately(checked_at: datetime, *, at: datetime, days: int, within: str = "acting_for") -> None:
    """Raise IdentityCheckTooOld where somebody was identified more than `days` times 24 hours before `at`.

    at      when they said what it is about: signed, handed in, or now
    within  the member of the request that the check is in
    """
    if at - checked_at > timedelta(days=days):
        raise IdentityCheckTooOld(field=f"{within}.authenticated_at")
