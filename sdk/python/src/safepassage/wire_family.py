"""One-time links by which a parent or eligible student comes to the family's page, after the agency's own identity check."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import StringConstraints

from safepassage.wire import Instant, Wire
from safepassage.wire_policy import ActingFor

FamilyRole = Literal["parent", "student"]

FamilyLinkState = Literal["waiting", "used", "withdrawn", "expired"]


class NewFamilyLink(Wire):
    """`POST /v1/family-links`: for one student, and for the one holder of the rights whose identity the agency has checked."""

    student_id: UUID
    acting_for: ActingFor
    """Who it is, and the agency's check: its method, when, how strong, and in `evidence_ref` where the agency keeps it."""


class FamilyLink(Wire):
    """A link, as it can be read again: neither the link itself nor whom it is for."""

    id: UUID
    organisation_id: UUID
    evidence_ref: Annotated[str, StringConstraints(max_length=200)]
    """Of the identity check."""
    state: FamilyLinkState
    made_at: Instant
    expires_at: Instant
    """Until when it can be used first."""
    used_at: Instant | None = None
    withdrawn_at: Instant | None = None


class MadeFamilyLink(FamilyLink):
    """A link that was just made: to be sent to the person, and kept nowhere."""

    link: Annotated[str, StringConstraints(max_length=400)]
    """URL whose part behind the `#` is 256 random bits. It is told here and nowhere else."""
