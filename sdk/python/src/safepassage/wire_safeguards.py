"""The two lists of 34 CFR part 300: which records of children with disabilities there are and where, and who has access to them."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from safepassage.wire import Instant, Name, Wire

Words = Annotated[str, StringConstraints(min_length=1, max_length=400, pattern=r"^[^\x00-\x1f\x7f]+$")]
Evidence = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class NewRecordLocation(Wire):
    """`POST /v1/record-locations`: a type of records that the agency collects, maintains or uses, and where it is (300.616)."""

    record_type: Words
    location: Words
    """The system, the archive, the desk: as the agency tells it to a parent."""
    kept_by: Name | None = None
    """The position that answers for it."""
    since: date


class RecordLocation(NewRecordLocation):
    """A type of records and where it is, or was."""

    id: UUID
    organisation_id: UUID
    recorded_at: Instant
    ended_on: date | None = None
    """The first day on which it is not there any more."""


class RecordLocations(Wire):
    """`GET /v1/record-locations`: what a parent who asks is given: the list of one day, by type and place."""

    on: date
    locations: tuple[RecordLocation, ...]


class NewAccessListing(Wire):
    """`POST /v1/access-listings`: an employee who may have access to personally identifiable information (300.623(d))."""

    name: Name
    position: Name
    may_access: Annotated[tuple[Words, ...], Field(min_length=1, max_length=50)]
    """Types of records."""
    responsible: bool = False
    """The official who assumes responsibility for the confidentiality of the information (300.623(b))."""
    trained_on: date | None = None
    training_ref: Evidence | None = None
    """What shows the training in the State's policies (300.623(c)); with `trained_on`, or neither."""
    since: date


class AccessListing(NewAccessListing):
    """Somebody on the list, or who was."""

    id: UUID
    organisation_id: UUID
    recorded_at: Instant
    ended_on: date | None = None


class AccessListings(Wire):
    """`GET /v1/access-listings`: the current listing, for public inspection, by name."""

    on: date
    listings: tuple[AccessListing, ...]


class EndOfEntry(Wire):
    """`POST /v1/record-locations/{id}/end`, `POST /v1/access-listings/{id}/end`: it stays on record, and on no list from that day on."""

    ended_on: date
