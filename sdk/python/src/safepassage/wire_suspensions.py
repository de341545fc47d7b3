"""A party that is suspended with one act: all of its clients are out at once, and none comes in, until that is lifted."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import StringConstraints

from safepassage.wire import Instant, Wire

SuspensionReason = Literal["breach-suspected", "agreement-broken", "security-in-doubt", "asked-by-party", "other"]

Reference = Annotated[str, StringConstraints(min_length=1, max_length=200)]
"""Of what an act rests on, in the agency's own records; nobody's name."""


class NewSuspension(Wire):
    """`POST /v1/organisations/{organisation_id}/suspensions`: of a vendor, or of another agency that data goes to."""

    reason: SuspensionReason
    reference: Reference


class Lifting(Wire):
    """`POST /v1/organisations/{organisation_id}/suspensions/{suspension_id}/lifting`."""

    reference: Reference


class Suspension(NewSuspension):
    """A suspension that stands, or stood."""

    id: UUID
    organisation_id: UUID
    client_ids: tuple[UUID, ...]
    """The clients that it put out. They come in again when it is lifted, and no others; one that is disabled meanwhile is none of them."""
    suspended_at: Instant
    lifted_at: Instant | None = None
    lifted_reference: Reference | None = None


class SuspensionPage(Wire):
    """`GET /v1/organisations/{organisation_id}/suspensions`: in the order of their ids."""

    suspensions: tuple[Suspension, ...]
