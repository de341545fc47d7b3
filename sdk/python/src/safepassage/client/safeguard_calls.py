"""Calls about the lists of 34 CFR 300.616 and 300.623: where records are, and who has access to them."""

from datetime import date
from uuid import UUID

from safepassage.client.call import Call, path_of, reading, writing
from safepassage.wire_safeguards import (
    AccessListing,
    AccessListings,
    EndOfEntry,
    NewAccessListing,
    NewRecordLocation,
    RecordLocation,
    RecordLocations,
)


def record_location(location: NewRecordLocation, *, idempotency_key: str | None = None) -> Call[RecordLocation]:
    """Put a type of records and its place on the agency's list. Scope safeguards:keep."""
    return writing("POST", "/v1/record-locations", location, RecordLocation, idempotency_key=idempotency_key)


def list_record_locations(*, on: date | None = None) -> Call[RecordLocations]:
    """The types and locations of the agency's records, for a parent who asks. Scope rights:act or safeguards:keep."""
    return reading("/v1/record-locations", RecordLocations, query={"on": None if on is None else on.isoformat()})


def end_record_location(location_id: UUID, end: EndOfEntry, *, idempotency_key: str | None = None) -> Call[RecordLocation]:
    """The records are not there any more. Scope safeguards:keep."""
    path = path_of("/v1/record-locations/{id}/end", id=location_id)
    return writing("POST", path, end, RecordLocation, idempotency_key=idempotency_key)


def list_access(listing: NewAccessListing, *, idempotency_key: str | None = None) -> Call[AccessListing]:
    """Put an employee who may have access on the agency's public list. Scope safeguards:keep."""
    return writing("POST", "/v1/access-listings", listing, AccessListing, idempotency_key=idempotency_key)


def list_access_listings(*, on: date | None = None) -> Call[AccessListings]:
    """The current listing of names and positions, for public inspection. Scope rights:act or safeguards:keep."""
    return reading("/v1/access-listings", AccessListings, query={"on": None if on is None else on.isoformat()})


def end_access_listing(listing_id: UUID, end: EndOfEntry, *, idempotency_key: str | None = None) -> Call[AccessListing]:
    """The employee may not have access any more, or is listed anew. Scope safeguards:keep."""
    path = path_of("/v1/access-listings/{id}/end", id=listing_id)
    return writing("POST", path, end, AccessListing, idempotency_key=idempotency_key)
