"""The operations on debarments of parties, as `safepassage.client.calls`. Each needs the scope debarments:write."""

from uuid import UUID

from safepassage.client.call import Call, Page, paged, path_of, reading, writing
from safepassage.wire_lists import DebarmentPage
from safepassage.wire_policy import Debarment, NewDebarment


def record_debarment(debarment: NewDebarment, *, idempotency_key: str | None = None) -> Call[Debarment]:
    """Put on record that a party may not receive records for five years (34 CFR 99.67). Scope debarments:write."""
    return writing("POST", "/v1/debarments", debarment, Debarment, idempotency_key=idempotency_key)


def read_debarment(debarment_id: UUID) -> Call[Debarment]:
    """A debarment. Scope debarments:write."""
    return reading(path_of("/v1/debarments/{id}", id=debarment_id), Debarment)


def list_debarments(*, limit: int | None = None) -> Call[Page[DebarmentPage]]:
    """The debarments on record; the state agency reads them. Scope debarments:write."""
    return paged("/v1/debarments", DebarmentPage, query={"limit": limit})
