"""Lists of evidence: what tells of no student, no party and no reference."""

from typing import Literal
from uuid import UUID

from safepassage.wire import Code, Instant, Wire
from safepassage.wire_lists import Next

EvidenceState = Literal["in-force", "pending", "ended", "revoked"]
"""pending: its period has not begun."""


class EvidenceSummary(Wire):
    """Evidence in a list. `GET /v1/evidence/{id}` has it in full."""

    id: UUID
    kind: Code
    agency_id: UUID
    state: EvidenceState
    valid_from: Instant
    valid_until: Instant
    recorded_at: Instant
    revoked_at: Instant | None = None


class EvidencePage(Wire):
    """`GET /v1/evidence`: a page, the newest first."""

    evidence: tuple[EvidenceSummary, ...]
    next: Next = None
