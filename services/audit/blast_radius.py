"""`POST /v1/log/blast-radius`: what a credential, a key, a person or an organisation touched, counted; and its students, row by row.

Counts come from the index, students from what is sealed. A district is told of its own students alone, as everywhere.
"""

from typing import Annotated, Any, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from safepassage.canonical import digest_of_json
from safepassage.problems.log import LogFrozen, PurposeMissing
from safepassage.problems.requests import LogUnavailable, NotPermitted
from safepassage.wire_log import EntrySearch, LogOrder
from safepassage.wire_log_radius import BlastRadius, BlastRadiusRequest, TouchedStudents
from services.audit.known_nodes import known_nodes
from services.audit.measured_radius import clauses_asked, measured, window_asked
from services.audit.openings import sight_of
from services.audit.published import published_log
from services.audit.search_clauses import clauses_of, narrowed
from services.audit.search_log import record_search
from services.audit.searching import found_by_index, window_of
from services.audit.touched_rows import rows_of, touched_table
from shared.caller import Caller, caller_with
from shared.cursors import Cursor, Cursors, Limit, next_link
from shared.keyset import is_down
from shared.problems import responses
from shared.request_clock import Now
from shared.spreadsheet import MEDIA_TYPE

router = APIRouter(prefix="/v1/log/blast-radius", tags=["log"])

ROWS: Final = "/v1/log/blast-radius/rows"

Investigator = Annotated[Caller, caller_with("audit:search")]
Form = Annotated[Literal["json", "csv"], Query(alias="format", description="csv: a table for a spreadsheet.")]
_FILE: Final[dict[int | str, dict[str, Any]]] = {200: {"content": {"text/csv": {"schema": {"type": "string"}}}}}


@router.post("", responses=responses(NotPermitted, PurposeMissing, LogFrozen, LogUnavailable))
async def measure_blast_radius(asked: BlastRadiusRequest, request: Request, caller: Investigator, now: Now) -> BlastRadius:
    """Everything that one touched between two instants, counted: entries, students, elements, recipients, states with their clocks."""
    state = request.app.state
    async with state.database.reading() as tx:
        sight = await sight_of(tx, caller)
    found = await measured(state, asked, sight)
    await record_search(state.sequencer, caller, operation="blast-radius", student_id=None, count=found.entries, now=now)
    return found


@router.post("/rows", responses=_FILE | responses(NotPermitted, PurposeMissing, LogFrozen, LogUnavailable), response_model=TouchedStudents)
async def list_blast_radius(
    asked: BlastRadiusRequest,
    request: Request,
    response: Response,
    caller: Investigator,
    now: Now,
    form: Form = "json",
    limit: Limit = 100,
    cursor: Cursor = None,
    sort: Annotated[LogOrder, Query(description="With a minus the newest first.")] = "-logged_at",
    custodian: Annotated[UUID | None, Query(description="Rows of the students of this organization alone.")] = None,
) -> TouchedStudents | Response:
    """The same, a row for each student of each entry, `limit` entries a page, newest or oldest first. For the notices that are due."""
    state = request.app.state
    cursors: Cursors = state.cursors
    bound_to = f"blast-radius:{caller.client_id}:{sort}:{custodian}:{digest_of_json(asked.model_dump(mode='json'))}"
    position = cursors.read(cursor, bound_to=bound_to)
    clauses = clauses_asked(asked) + clauses_of(EntrySearch(custodian_ids=() if custodian is None else (custodian,)), nodes_of=lambda _: ())
    async with state.database.reading() as tx:
        sight = await sight_of(tx, caller)
        window = await window_of(tx, window_asked(asked), position, oldest_first=not is_down(sort))
        found, last, unseen = await found_by_index(tx, state.keys, narrowed(clauses, sight), window, limit)
        published = await published_log(tx)
        state_of = (await known_nodes(tx, state.settings.entity_id)).state_of
    seen = [entry for entry in (one.seen_by(sight) for one in found) if entry is not None]
    rows = [one for one in rows_of(seen, published, state_of=state_of) if custodian is None or one.custodian_id == custodian]
    await record_search(state.sequencer, caller, operation="blast-radius-rows", student_id=None, count=len(rows), now=now)
    headers: dict[str, str] = {}
    if last is not None:
        signed = cursors.sign({"log": last.log, "at": last.at}, bound_to=bound_to)
        asked_for = {"format": form, "limit": limit, "sort": sort, **({} if custodian is None else {"custodian": str(custodian)})}
        headers["link"] = next_link(ROWS, {**asked_for, "cursor": signed})
    if form == "csv":
        headers["content-disposition"] = 'attachment; filename="blast-radius.csv"'
        return Response(touched_table(rows), media_type=MEDIA_TYPE, headers=headers)
    response.headers.update(headers)
    return TouchedStudents(rows=tuple(rows), checkpoint=published.note, not_looked_at=unseen)
