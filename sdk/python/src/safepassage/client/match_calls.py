"""Matches that a person decides, and records that were united by one (records)."""

from uuid import UUID

from safepassage.client.call import Call, Page, paged, path_of, reading, writing
from safepassage.record.loads import MatchDoubt, MatchKind, MatchOrder, MatchPage, MatchResolution, MatchReview, RecordUnion
from safepassage.record.match_cases import MatchCase


def list_matches(
    *,
    kind: MatchKind | None = None,
    doubt: MatchDoubt | None = None,
    ends_within_days: int | None = None,
    sort: MatchOrder | None = None,
    limit: int | None = None,
) -> Call[Page[MatchPage]]:
    """Requests of other states whose child a person has to tell, and pairs of records here. Scope matches:resolve."""
    query = {"kind": kind, "doubt": doubt, "ends_within_days": ends_within_days, "sort": sort, "limit": limit}
    return paged("/v1/matches", MatchPage, query=query)


def read_match(match_id: UUID) -> Call[MatchCase]:
    """The child asked for and the candidates side by side; logged. Scope matches:resolve."""
    return reading(path_of("/v1/matches/{id}", id=match_id), MatchCase)


def resolve_match(match_id: UUID, resolution: MatchResolution, *, idempotency_key: str | None = None) -> Call[MatchReview]:
    """Say which candidate the child is, or that none is. Scope matches:resolve."""
    return writing("POST", path_of("/v1/matches/{id}/resolution", id=match_id), resolution, MatchReview, idempotency_key=idempotency_key)


def separate_records(union_id: UUID, *, idempotency_key: str | None = None) -> Call[RecordUnion]:
    """Part two records that were united; they are as they were before. Scope matches:resolve."""
    return writing("POST", path_of("/v1/unions/{id}/separation", id=union_id), None, RecordUnion, idempotency_key=idempotency_key)
