"""`/v1/log/blast-radius/counts/{id}`: a blast radius of many entries is counted while its asker looks how far it is."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Query, Request

from safepassage.problems.log import CountIdReused, LogFrozen, NoSuchCount, PurposeMissing
from safepassage.problems.requests import LogUnavailable, NotPermitted, TemporarilyUnavailable
from safepassage.wire_log_radius import BlastRadiusCount, BlastRadiusRequest
from services.audit.blast_radius import Investigator
from services.audit.radius_counts import RadiusCounts
from shared.caller import Caller, sibling
from shared.contracts.radius_students import CountedStudents
from shared.internal_token import Principal
from shared.problems import responses
from shared.request_clock import Now

router = APIRouter(prefix="/v1/log/blast-radius/counts", tags=["log"])

internal = APIRouter(tags=["internal"])

MOST_WAIT_SECONDS: Final = 5
MOST_PARTS: Final = 1_000_000

Wait = Annotated[int, Query(ge=0, le=MOST_WAIT_SECONDS, description="Seconds to wait for the end of it before the answer.")]
_ERRORS = responses(NotPermitted, PurposeMissing, LogFrozen, LogUnavailable, TemporarilyUnavailable)


@router.put("/{count_id}", responses=_ERRORS | responses(CountIdReused, NoSuchCount))
async def begin_blast_radius_count(
    count_id: UUID, asked: BlastRadiusRequest, request: Request, caller: Investigator, now: Now, wait: Wait = 0
) -> BlastRadiusCount:
    """Count a blast radius under an id of your choice (a UUID, best version 7), for an hour's reading; again, it is the same."""
    counts: RadiusCounts = request.app.state.radius_counts
    await counts.begin(count_id, asked, caller, now=now)
    return await counts.read(count_id, caller, wait_seconds=wait)


@router.get("/{count_id}", responses=_ERRORS | responses(NoSuchCount))
async def read_blast_radius_count(count_id: UUID, request: Request, caller: Investigator, wait: Wait = 0) -> BlastRadiusCount:
    """How far a count is, and what it found. It was logged when it was done; looking at it again is not logged."""
    counts: RadiusCounts = request.app.state.radius_counts
    return await counts.read(count_id, caller, wait_seconds=wait)


@internal.get("/internal/radius-counts/{count_id}/students", responses=_ERRORS | responses(NoSuchCount))
async def read_counted_students(
    count_id: UUID,
    request: Request,
    principal: Annotated[Principal, sibling("records")],
    part: Annotated[int, Query(ge=0, lt=MOST_PARTS, description="From 0 on.")] = 0,
) -> CountedStudents:
    """Whom a count of the caller's is about, for records, which counts them by where they live and tells nobody who they are.

    # INVARIANT: no client comes here: records alone asks, and for whoever counted. It logs what it tells before it tells it.
    """
    if principal.caller is None:
        raise NotPermitted("students are counted for a client")
    caller = Caller(principal.caller, principal)
    caller.require("audit:search")
    counts: RadiusCounts = request.app.state.radius_counts
    return await counts.students(count_id, caller, part)
