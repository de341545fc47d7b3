"""The operations that question the log at large, as `safepassage.client.calls`."""

from uuid import UUID

from safepassage.client.call import Call, Page, asking, path_of, reading, searching, taking, writing
from safepassage.wire_chain import SignedChain
from safepassage.wire_log import FoundEntries, LogOrder
from safepassage.wire_log_radius import BlastRadius, BlastRadiusCount, BlastRadiusRequest, TouchedStudents
from safepassage.wire_log_saved import NewSavedSearch, SavedSearch, SavedSearches, SavedSearchRun
from safepassage.wire_log_tallies import Tallies, TallyRequest
from safepassage.wire_log_witnesses import LogWitnesses
from safepassage.wire_residence import ResidenceCount, ResidenceCountRequest


def list_log_witnesses() -> Call[LogWitnesses]:
    """Who cosigns this node's log, whose logs it cosigns, and what was wrong with either. Scope audit:operate."""
    return reading("/v1/log/witnesses", LogWitnesses)


def measure_blast_radius(asked: BlastRadiusRequest) -> Call[BlastRadius]:
    """What a credential, key, person or organisation touched between two instants, counted; logged. Scope audit:search."""
    return taking(120, asking("/v1/log/blast-radius", asked, BlastRadius))


def begin_blast_radius_count(count_id: UUID, asked: BlastRadiusRequest, *, idempotency_key: str | None = None) -> Call[BlastRadiusCount]:
    """Count one of many entries under an id of your choice; again, it is the same. Scope audit:search."""
    path = path_of("/v1/log/blast-radius/counts/{id}", id=count_id)
    return writing("PUT", path, asked, BlastRadiusCount, idempotency_key=idempotency_key)


def read_blast_radius_count(count_id: UUID, *, wait: int = 0) -> Call[BlastRadiusCount]:
    """How far that count is, and what it found, for an hour. Scope audit:search."""
    return reading(path_of("/v1/log/blast-radius/counts/{id}", id=count_id), BlastRadiusCount, query={"wait": wait})


def count_residents(asked: ResidenceCountRequest, *, cursor: str | None = None) -> Call[ResidenceCount]:
    """Its students by the state where they live, a thousand a call: `goes_on` is the next call's cursor, until `found` is there.

    Logged once for a counting. Scopes records:residence and audit:search."""
    return asking("/v1/residence-counts", asked, ResidenceCount, query={"cursor": cursor})


def list_blast_radius(
    asked: BlastRadiusRequest, *, custodian: UUID | None = None, sort: LogOrder | None = None, limit: int | None = None
) -> Call[Page[TouchedStudents]]:
    """The same, a row for each student of each entry, `limit` entries a page; logged. Scope audit:search."""
    return searching("/v1/log/blast-radius/rows", asked, TouchedStudents, query={"custodian": custodian, "sort": sort, "limit": limit})


def tally_log(asked: TallyRequest) -> Call[Tallies]:
    """How many entries there are of each kind between instants, of several questions at once; logged. Scope audit:search."""
    return asking("/v1/log/tallies", asked, Tallies)


def read_redisclosure_chain(exchange_id: UUID) -> Call[SignedChain]:
    """The chain of an exchange from both nodes' logs, signed; `safepassage.chains.verify_chain` verifies it. Logged. Scope audit:search."""
    return reading(path_of("/v1/log/chains/{exchange_id}", exchange_id=exchange_id), SignedChain)


def save_search(saved_search_id: UUID, new: NewSavedSearch, *, idempotency_key: str | None = None) -> Call[SavedSearch]:
    """Keep a search under an id of your choice; again, it is replaced. Logged. Scope audit:search."""
    path = path_of("/v1/log/saved-searches/{id}", id=saved_search_id)
    return writing("PUT", path, new, SavedSearch, idempotency_key=idempotency_key)


def list_saved_searches() -> Call[SavedSearches]:
    """The searches that the client's organisation keeps. Scope audit:search."""
    return reading("/v1/log/saved-searches", SavedSearches)


def run_saved_search(
    saved_search_id: UUID, run: SavedSearchRun, *, sort: LogOrder | None = None, limit: int | None = None
) -> Call[Page[FoundEntries]]:
    """What a saved search finds now; logged as any search. Scope audit:search."""
    path = path_of("/v1/log/saved-searches/{id}/runs", id=saved_search_id)
    return searching(path, run, FoundEntries, query={"sort": sort, "limit": limit})


def delete_saved_search(saved_search_id: UUID, *, idempotency_key: str | None = None) -> Call[SavedSearch]:
    """Keep a search no longer. Logged. Scope audit:search."""
    path = path_of("/v1/log/saved-searches/{id}", id=saved_search_id)
    return writing("DELETE", path, None, SavedSearch, idempotency_key=idempotency_key)
