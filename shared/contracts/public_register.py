"""What the public may read of a node: with whom records are shared, for what, until when; breaches of which families were told."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import Field

from safepassage.wire import Code, Instant, Name, Wire


class PublicSubprocessor(Wire):
    """Who works for a party."""

    name: Name
    service: Name


class PublicAgreement(Wire):
    """A written agreement that stands. Nothing of its text, no reference of the agency's own, no digest."""

    id: UUID
    party: Name
    kind: Code
    districts: tuple[Name, ...]
    purposes: tuple[Code, ...]
    elements: tuple[str, ...]
    starts_on: date
    ends_on: date
    """The first day on which it no longer holds, and from which what the party has is due for destruction."""
    subprocessors: tuple[PublicSubprocessor, ...]


class PublicBreach(Wire):
    """A breach of which families were told: before that it is not told of here."""

    organisation: Name
    discovered_at: Instant
    told_at: Instant
    citation: str


class PublicRegister(Wire):
    """`GET /internal/public-register`; `/public/register.json` of a node."""

    agency: Name
    agreements: tuple[PublicAgreement, ...]
    breaches: tuple[PublicBreach, ...]
    complete: Annotated[bool, Field(description="False where there are more than 1,000 of either.")]
