"""The operations on suspensions of parties, as `safepassage.client.calls`. Scope admin:clients, of the state agency."""

from uuid import UUID

from safepassage.client.call import Call, Page, paged, path_of, writing
from safepassage.wire_suspensions import Lifting, NewSuspension, Suspension, SuspensionPage

_ALL = "/v1/organisations/{id}/suspensions"


def suspend_party(organisation_id: UUID, suspension: NewSuspension, *, idempotency_key: str | None = None) -> Call[Suspension]:
    """Put every client of a vendor or agency out at once; its tokens end, and none comes in until it is lifted."""
    return writing("POST", path_of(_ALL, id=organisation_id), suspension, Suspension, idempotency_key=idempotency_key)


def list_suspensions(organisation_id: UUID, *, standing: bool | None = None, limit: int | None = None) -> Call[Page[SuspensionPage]]:
    """The suspensions of a party; `standing`: only the one that stands, or only those that were lifted."""
    asked = None if standing is None else str(standing).lower()
    return paged(path_of(_ALL, id=organisation_id), SuspensionPage, query={"standing": asked, "limit": limit})


def lift_suspension(organisation_id: UUID, suspension_id: UUID, lifting: Lifting) -> Call[Suspension]:
    """Let the clients in again that a suspension put out. Again is no change."""
    return writing("POST", path_of(_ALL + "/{suspension}/lifting", id=organisation_id, suspension=suspension_id), lifting, Suspension)
