"""Safeguards of special-education records: the list of types and locations for parents who ask, and the public list of who has access."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request

from safepassage.problems.rights import NoSuchListEntry, RequestIncomplete, StepNotPossible
from safepassage.wire_safeguards import (
    AccessListing,
    AccessListings,
    EndOfEntry,
    NewAccessListing,
    NewRecordLocation,
    RecordLocation,
    RecordLocations,
)
from services.privacy.safeguard_lists import Lists, Reader, list_of, opened, today_at
from services.privacy.sealing import Sealer
from services.privacy.tables import SafeguardRow
from shared.database import ReadOnly
from shared.problems import responses
from shared.request_clock import Now

locations_router = APIRouter(prefix="/v1/record-locations", tags=["rights"])
listings_router = APIRouter(prefix="/v1/access-listings", tags=["rights"])

AgencysLists = Annotated[Lists, Depends()]
OnDay = Annotated[date | None, Query(alias="on", description="As it stood on this day; today, if left out.")]


@locations_router.post("", status_code=201, responses=responses(RequestIncomplete))
async def record_location(new: NewRecordLocation, request: Request, lists: AgencysLists) -> RecordLocation:
    """Put a type of records and its place on the agency's list."""
    return _location(request, await lists.put("record-location", new, since=new.since))


@locations_router.get("")
async def list_record_locations(request: Request, caller: Reader, tx: ReadOnly, now: Now, on: OnDay = None) -> RecordLocations:
    """The types and locations of the records that the agency collects, maintains or uses: given to a parent on request (300.616)."""
    day = on or await today_at(tx, caller.organisation_id, now)
    locations = [_location(request, row) for row in await list_of(tx, caller, "record-location", day)]
    return RecordLocations(on=day, locations=tuple(sorted(locations, key=lambda one: (one.record_type, one.location))))


@locations_router.post("/{location_id}/end", responses=responses(NoSuchListEntry, RequestIncomplete, StepNotPossible))
async def end_record_location(location_id: UUID, end: EndOfEntry, request: Request, lists: AgencysLists) -> RecordLocation:
    """The records are not there any more, or not of that type."""
    return _location(request, await lists.end("record-location", location_id, end))


@listings_router.post("", status_code=201, responses=responses(RequestIncomplete))
async def list_access(new: NewAccessListing, request: Request, lists: AgencysLists) -> AccessListing:
    """Put an employee who may have access on the agency's public list."""
    if (new.trained_on is None) != (new.training_ref is None):
        raise RequestIncomplete("a training has its day and what shows it", field="training_ref")
    return _listing(request, await lists.put("access-listing", new, since=new.since))


@listings_router.get("")
async def list_access_listings(request: Request, caller: Reader, tx: ReadOnly, now: Now, on: OnDay = None) -> AccessListings:
    """The names and positions of those employees who may have access: maintained for public inspection (300.623(d))."""
    day = on or await today_at(tx, caller.organisation_id, now)
    listings = [_listing(request, row) for row in await list_of(tx, caller, "access-listing", day)]
    return AccessListings(on=day, listings=tuple(sorted(listings, key=lambda one: (one.name, one.position))))


@listings_router.post("/{listing_id}/end", responses=responses(NoSuchListEntry, RequestIncomplete, StepNotPossible))
async def end_access_listing(listing_id: UUID, end: EndOfEntry, request: Request, lists: AgencysLists) -> AccessListing:
    """The employee may not have access any more, or is listed anew: with another position, after a training."""
    return _listing(request, await lists.end("access-listing", listing_id, end))


def _location(request: Request, row: SafeguardRow) -> RecordLocation:
    sealer: Sealer = request.app.state.sealer
    return RecordLocation.model_validate(opened(sealer, row, NewRecordLocation))


def _listing(request: Request, row: SafeguardRow) -> AccessListing:
    sealer: Sealer = request.app.state.sealer
    return AccessListing.model_validate(opened(sealer, row, NewAccessListing))
