"""What all evidence of a legal basis has in common: whose records, which students, to whom, until when, and what proves it."""

from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from safepassage.wire import Digest, Instant, Name, Wire
from safepassage.wire_policy import Elements, PartyId

Reference = Name
"""Where the proof is found: a file, case or page number. Never what it says of a person."""
State = Annotated[str, StringConstraints(pattern=r"^US-[A-Z]{2}$")]
StudentIds = Annotated[tuple[UUID, ...], Field(min_length=1, max_length=1000)]


class Period(Wire):
    """From when until when something holds; nothing holds for ever."""

    valid_from: Instant
    valid_until: Instant
    """The first instant at which it no longer holds."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.valid_until <= self.valid_from:
            raise ValueError("it ends after it begins")
        return self


class Proof(Period):
    """A thing on record, and the document that proves it."""

    agency_id: UUID
    """The agency whose disclosure it supports: the district that keeps the records, or the state agency that discloses on its behalf."""
    document: Digest
    """Digest of the document, kept by the agency."""
    reference: Reference


class Ground(Proof):
    """Evidence that named elements may go to a named party."""

    recipient_id: PartyId
    elements: Elements


class OfStudents(Ground):
    """Evidence about named students."""

    student_ids: StudentIds
