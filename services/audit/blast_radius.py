"""`POST /v1/log/blast-radius`: what a credential, a key, a person or an organisation touched, counted; and its students, row by row.

Counts come from the index, students from what is sealed. A district is told of its own students alone, as everywhere.
"""

from collections import Counter
from datetime import datetime, timedelta
from functools import partial
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from safepassage.canonical import digest_of_json
from safepassage.problems.log import LogFrozen, PurposeMissing
from safepassage.problems.requests import LogUnavailable, NotPermitted
from safepassage.wire_log import EntrySearch
from safepassage.wire_log_radius import (
    BlastRadius,
    BlastRadiusRequest,
    BreachNotice,
    TouchedNode,
    TouchedOrganisation,
    TouchedState,
    TouchedStudents,
)
from services.audit.index.lookup import Clause
from services.audit.index.projector import Projector
from services.audit.index.terms import HERE, Kind
from services.audit.openings import Sight, sight_of
from services.audit.published import published_log
from services.audit.search_clauses import clauses_of, own_of
from services.audit.search_log import record_search
from services.audit.searching import found_by_index, stretches_in, window_of
from services.audit.touched import count_touched
from services.audit.touched_rows import rows_of, touched_table
from shared.breach_clocks import BreachClock, clocks_of
from shared.caller import Caller, caller_with
from shared.clock import Now
from shared.cursors import Cursor, Cursors, Limit, next_link
from shared.database import Database
from shared.problems import responses
from shared.spreadsheet import MEDIA_TYPE
from shared.trust import Trust

router = APIRouter(prefix="/v1/log/blast-radius", tags=["log"])

CAUGHT_UP_WITH: Final = 20_000
"""Entries that the index is behind by, and that are put into it before anything is counted: a second or so."""
ROWS: Final = "/v1/log/blast-radius/rows"

Investigator = Annotated[Caller, caller_with("audit:search")]
Form = Annotated[Literal["json", "csv"], Query(alias="format", description="csv: a table for a spreadsheet.")]
_FILE: Final[dict[int | str, dict[str, Any]]] = {200: {"content": {"text/csv": {"schema": {"type": "string"}}}}}


@router.post("", responses=responses(NotPermitted, PurposeMissing, LogFrozen, LogUnavailable))
async def measure_blast_radius(asked: BlastRadiusRequest, request: Request, caller: Investigator, now: Now) -> BlastRadius:
    """Everything that one touched between two instants, counted: entries, students, elements, recipients, states with their clocks."""
    state = request.app.state
    database: Database = state.database
    projector: Projector = state.projector
    if projector.behind.entries <= CAUGHT_UP_WITH:
        await projector.catch_up()
    async with database.reading() as tx:
        sight = await sight_of(tx, caller)
        stretches = await stretches_in(tx, await window_of(tx, _window(asked), None))
        published = await published_log(tx)
    counted = await count_touched(database, state.keys, [*_clauses(asked), *own_of(sight)], stretches, sight)
    await record_search(state.sequencer, caller, operation="blast-radius", student_id=None, count=counted.entries, now=now)
    state_of = partial(_state_of, state.trust, state.settings.entity_id)
    nodes = tuple(TouchedNode(node=node, state=state_of(node), entries=count) for node, count in counted.of(Kind.NODE).items())
    return BlastRadius(
        entries=counted.entries,
        students=counted.students,
        first_at=counted.first_at,
        last_at=counted.last_at,
        by_class=counted.of(Kind.CLASS),
        by_outcome=counted.of(Kind.OUTCOME),
        elements=counted.of(Kind.ELEMENT),
        custodians=_custodians(counted.of(Kind.CUSTODIAN), sight),
        nodes=nodes,
        states=_states(nodes, state_of(HERE), counted.entries, asked.discovered_at),
        recipients=counted.recipients,
        checkpoint=published.note,
        not_looked_at=counted.not_looked_at,
    )


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
) -> TouchedStudents | Response:
    """The same, a row for each student of each entry, `limit` entries a page; the newest first. For the notices that are due."""
    state = request.app.state
    cursors: Cursors = state.cursors
    bound_to = f"blast-radius:{caller.client_id}:{digest_of_json(asked.model_dump(mode='json'))}"
    position = cursors.read(cursor, bound_to=bound_to)
    async with state.database.reading() as tx:
        sight = await sight_of(tx, caller)
        window = await window_of(tx, _window(asked), position)
        found, last, unseen = await found_by_index(tx, state.keys, [*_clauses(asked), *own_of(sight)], window, limit)
        published = await published_log(tx)
    seen = [entry for entry in (one.seen_by(sight) for one in found) if entry is not None]
    rows = rows_of(seen, published, state_of=partial(_state_of, state.trust, state.settings.entity_id))
    await record_search(state.sequencer, caller, operation="blast-radius-rows", student_id=None, count=len(rows), now=now)
    headers: dict[str, str] = {}
    if last is not None:
        signed = cursors.sign({"log": last.log, "at": last.at}, bound_to=bound_to)
        headers["link"] = next_link(ROWS, {"format": form, "limit": limit, "cursor": signed})
    if form == "csv":
        headers["content-disposition"] = 'attachment; filename="blast-radius.csv"'
        return Response(touched_table(rows), media_type=MEDIA_TYPE, headers=headers)
    response.headers.update(headers)
    return TouchedStudents(rows=tuple(rows), checkpoint=published.note, not_looked_at=unseen)


def _window(asked: BlastRadiusRequest) -> EntrySearch:
    return EntrySearch(logged_from=asked.touched_from, logged_until=asked.touched_until)


def _clauses(asked: BlastRadiusRequest) -> list[Clause]:
    named = EntrySearch(
        client_ids=() if asked.client_id is None else (asked.client_id,),
        key_thumbprints=() if asked.key_thumbprint is None else (asked.key_thumbprint,),
        addresses=() if asked.address is None else (asked.address,),
        acting_for=() if asked.person_id is None else (asked.person_id,),
        organisation_ids=() if asked.organisation_id is None else (asked.organisation_id,),
        recipient_organisations=() if asked.recipient is None else (asked.recipient,),
    )
    return clauses_of(named, nodes_of=lambda _: ())


def _state_of(trust: Trust, own: str, node: str) -> str | None:
    held = trust.held
    members = {member.entity_id: member.state for member in (held.members if held is not None else ())}
    return members.get(own if node == HERE else node)


def _custodians(counts: dict[str, int], sight: Sight) -> tuple[TouchedOrganisation, ...]:
    """INVARIANT: of a page about many a district is not told whose the other students are."""
    ids = ((UUID(custodian), count) for custodian, count in counts.items())
    return tuple(TouchedOrganisation(organisation_id=id_, entries=count) for id_, count in ids if sight.covers(id_))


def _states(nodes: tuple[TouchedNode, ...], own: str | None, entries: int, discovered_at: datetime | None) -> tuple[TouchedState, ...]:
    """The node's own state, whose students they are, and those of the recipients."""
    touched: Counter[str] = Counter()
    for node in nodes:
        if node.state is not None and node.state != own:
            touched[node.state] += node.entries
    if own is not None and entries:
        touched[own] = entries
    return tuple(
        TouchedState(state=state, entries=count, notices=tuple(_notice(clock, discovered_at) for clock in clocks_of(state)))
        for state, count in touched.most_common()
    )


def _notice(clock: BreachClock, discovered_at: datetime | None) -> BreachNotice:
    due_at = None if discovered_at is None else discovered_at + timedelta(hours=clock.hours)
    return BreachNotice(kind=clock.kind, starts=clock.starts, hours=clock.hours, citation=clock.citation, due_at=due_at)
