"""`/v1/exchanges`: requests of ours and of peers beside each other, and one of them step by step. Nothing here tells who the child is."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Any, Final, get_args
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy import ColumnElement, Connection, Select, select, true

from safepassage.problems.exchanges import NoSuchExchange
from safepassage.problems.requests import InvalidRequest
from safepassage.wire import Code
from safepassage.wire_exchanges import Exchange, ExchangeDirection, ExchangeOrder, ExchangePage, ExchangeStanding, ExchangeTimeline
from safepassage.wire_licensure import PURPOSE as LICENSURE
from services.records.exchange.exchange import Exchange as NodeExchange
from services.records.exchange.states import Asked, as_told
from services.records.exchange.states import Request as Taken
from services.records.exchange.timelines import answers_in, answers_out, issued_at
from services.records.record_sources import UNREAD
from services.records.tables import ExchangeRequestRow, MatchReviewRow, OrganisationRow, PeerRequestRow, SectionRow, StudentRow
from services.records.transfers.unread_notices import unread_by_peer
from shared.caller import Caller, caller_with
from shared.cursors import Cursor, Limit, next_link
from shared.keyset import behind, is_down
from shared.problems import responses
from shared.tenancy import belongs_to, within

router = APIRouter(prefix="/v1/exchanges", tags=["exchange"])

PATH: Final = "/v1/exchanges"
ENROLLMENT: Final = "enrollment"
"""The purpose of every request that is not about an educator."""

Queries = Sequence[Select[Any] | None]

Reader = Annotated[Caller, caller_with("exchange:request", "exchange:operate", "audit:search")]

_OURS: Final[dict[str, Asked]] = {as_told(state): state for state in Asked}
_THEIRS: Final[dict[str, Taken]] = {state.value: state for state in Taken}


@router.get("", responses=responses(InvalidRequest))
async def list_exchanges(
    request: Request,
    response: Response,
    caller: Reader,
    limit: Limit = 100,
    cursor: Cursor = None,
    direction: Annotated[ExchangeDirection | None, Query(description="Only what this node asked, or what it was asked.")] = None,
    state: Annotated[ExchangeStanding | None, Query(description="Of one state only.")] = None,
    purpose: Annotated[Code | None, Query(description="For one purpose only.")] = None,
    peer: Annotated[str | None, Query(max_length=200, description="With one other node, by its entity id.")] = None,
    sort: Annotated[ExchangeOrder, Query(description="With a minus from the end; of one state the newest first.")] = "-requested_at",
) -> ExchangePage:
    """Requests of ours and of other nodes, the newest first unless asked otherwise.

    A district sees what its schools and itself asked for, and of other nodes' requests those for a student whose record it keeps.
    """
    cursors = request.app.state.cursors
    bound_to = f"exchanges:{caller.client_id}:{direction}:{state}:{purpose}:{peer}:{sort}"
    position = cursors.read(cursor, bound_to=bound_to)

    def queries(of_state: str | None) -> Queries:
        ours = [_ours(caller, of_state, purpose, peer)] if direction != "in" else []
        return ours + ([_theirs(caller, of_state, purpose, peer)] if direction != "out" else [])

    def read(connection: Connection) -> list[Exchange]:
        if sort.endswith("requested_at"):
            return _by_time(connection, queries(state), None if position is None else UUID(position["last"]), sort, limit + 1)
        if sort.endswith("expires_at"):
            return _by_end(connection, queries, state, position, sort, limit + 1)
        return _by_state(connection, queries, state, position, sort, limit + 1)

    found = await request.app.state.exchange.database.read(read)
    if len(found) > limit:
        end = found[limit - 1]
        signed = cursors.sign({"last": str(end.id), "state": end.state, "ends": end.expires_at.isoformat()}, bound_to=bound_to)
        asked = {"limit": limit, "direction": direction, "state": state, "purpose": purpose, "peer": peer, "sort": sort, "cursor": signed}
        response.headers["link"] = next_link(PATH, {name: value for name, value in asked.items() if value is not None})
    return ExchangePage(exchanges=tuple(found[:limit]))


@router.get("/{exchange_id}", responses=responses(NoSuchExchange))
async def read_exchange(exchange_id: UUID, request: Request, caller: Reader) -> ExchangeTimeline:
    """One of them, by this node's id of it: its clocks, its answers, and the receipts that came for them."""
    exchange: NodeExchange = request.app.state.exchange

    def read(connection: Connection) -> ExchangeTimeline | None:
        ours = connection.execute(select(_ASKED).where(_ASKED.c.id == exchange_id, _mine(caller, named=True))).first()
        if ours is not None:
            answers = answers_in(connection, ours.id)
            match_id = _waiting_match(connection, [one.match_id for one in answers])
            steps, more = [one.step for one in answers], {"requeued_as": ours.requeued_as, "read_in_part": _read_in_part(connection, ours)}
            return _timeline(_said_ours(ours), ours, match_id, steps, **more)
        theirs = connection.execute(select(_TAKEN).where(_TAKEN.c.id == exchange_id, _about_mine(caller, named=True))).first()
        if theirs is None:
            return None
        match_id = _waiting_match(connection, [theirs.id])
        steps = answers_out(connection, theirs.id)
        more = {"held_back_at": theirs.held_back_at, "unread_by_peer": unread_by_peer(connection, exchange, theirs)}
        return _timeline(_said_theirs(theirs), theirs, match_id, steps, **more)

    found: ExchangeTimeline | None = await exchange.database.read(read)
    if found is None:
        raise NoSuchExchange
    return found


_ASKED, _TAKEN = ExchangeRequestRow.__table__, PeerRequestRow.__table__


def _mine(caller: Caller, *, named: bool = False) -> ColumnElement[bool]:
    """INVARIANT: a request of ours is seen by the receiving organisation and those above it.

    named  it is asked of one that is found by its id: of another's no more is done than of none (shared.tenancy.belongs_to)
    """
    if named:
        return belongs_to(_ASKED.c.receiving_organisation_id, OrganisationRow, caller.organisation_id)
    return _ASKED.c.receiving_organisation_id.in_(within(OrganisationRow, caller.organisation_id))


def _about_mine(caller: Caller, *, named: bool = False) -> ColumnElement[bool]:
    """INVARIANT: a peer's request is seen by the state agency, and by who keeps the record of the student that it was found to be about."""
    if caller.kind == "sea":
        return true()
    # Of each request its student: whose record the organisation keeps may be a hundred thousand.
    keeper = StudentRow.custodian_id
    own = belongs_to(keeper, OrganisationRow, caller.organisation_id)
    of_list = keeper.in_(within(OrganisationRow, caller.organisation_id))
    return select(StudentRow.id).where(StudentRow.id == _TAKEN.c.student_id, own if named else of_list).exists()


def _ours(caller: Caller, state: str | None, purpose: str | None, peer: str | None) -> Select[Any] | None:
    return _chosen(_ASKED, _mine(caller), _ASKED.c.holder, state, _OURS, purpose, peer)


def _theirs(caller: Caller, state: str | None, purpose: str | None, peer: str | None) -> Select[Any] | None:
    return _chosen(_TAKEN, _about_mine(caller), _TAKEN.c.requester, state, _THEIRS, purpose, peer)


def _chosen(
    table: Any, whose: ColumnElement[bool], other: Any, state: str | None, states: Any, purpose: str | None, peer: str | None
) -> Select[Any] | None:
    """None where nothing can be of that state or purpose."""
    if (state is not None and state not in states) or purpose not in (None, ENROLLMENT, LICENSURE):
        return None
    query = select(table).where(whose)
    query = query if state is None else query.where(table.c.state == states[state])
    query = query if purpose is None else query.where(table.c.is_educators.is_(purpose == LICENSURE))
    return query if peer is None else query.where(other == peer)


def _by_state(
    connection: Connection,
    queries: Callable[[str], Queries],
    only: str | None,
    position: dict[str, Any] | None,
    sort: str,
    limit: int,
) -> list[Exchange]:
    """State by state, in the order of their words; of each the newest first. `position`: the state and id of the last one before."""
    states = sorted(get_args(ExchangeStanding), reverse=is_down(sort)) if only is None else [only]
    found: list[Exchange] = []
    for state in states if position is None else states[states.index(position["state"]) :]:
        last = UUID(position["last"]) if position is not None and state == position["state"] else None
        found += _by_time(connection, queries(state), last, "-requested_at", limit - len(found))
        if len(found) == limit:
            break
    return found


def _by_end(
    connection: Connection,
    queries: Callable[[str], Queries],
    only: str | None,
    position: dict[str, Any] | None,
    sort: str,
    limit: int,
) -> list[Exchange]:
    """By when they can be answered no longer. Each state has an index in that order, so that one of many is found as quickly as all."""
    last = None if position is None else (datetime.fromisoformat(position["ends"]), UUID(position["last"]))
    states = get_args(ExchangeStanding) if only is None else [only]
    found = [one for state in states for one in _said_behind(connection, queries(state), ("expires_at", "id"), last, sort, limit)]
    return sorted(found, key=lambda one: (one.expires_at, one.id), reverse=is_down(sort))[:limit]


def _by_time(connection: Connection, queries: Queries, last: UUID | None, sort: str, limit: int) -> list[Exchange]:
    """Of both, in the order of their ids, which begin with the instant at which they were made (RFC 9562, version 7)."""
    found = _said_behind(connection, queries, ("id",), None if last is None else (last,), sort, limit)
    return sorted(found, key=lambda one: one.id, reverse=is_down(sort))[:limit]


def _said_behind(
    connection: Connection, queries: Queries, columns: Sequence[str], last: Sequence[Any] | None, sort: str, limit: int
) -> list[Exchange]:
    """Of each query the first behind `last`, in the order of its `columns`."""
    found: list[Exchange] = []
    for query in queries:
        if query is None:
            continue
        [table] = query.get_final_froms()
        page = behind(query, [table.c[name] for name in columns], last, sort=sort)
        said = _said_ours if table is _ASKED else _said_theirs
        found += [said(row) for row in connection.execute(page.limit(limit))]
    return found


def _said_ours(row: Any) -> Exchange:
    about = "credentials" if row.is_educators else "record" if row.finding_id is None else "whereabouts"
    return _said(row, "out", row.id, about, row.holder, as_told(Asked(row.state)), row.requested_at, row.problem_code)


def _said_theirs(row: Any) -> Exchange:
    about = "credentials" if row.is_educators else "whereabouts" if row.is_finding else "record"
    return _said(row, "in", row.exchange_id, about, row.requester, row.state, row.received_at, None)


def _said(row: Any, direction: str, exchange_id: UUID, about: str, peer: str, state: str, at: Any, code: str | None) -> Exchange:
    return Exchange.model_validate(
        {
            "id": row.id,
            "exchange_id": exchange_id,
            "direction": direction,
            "about": about,
            "purpose": LICENSURE if row.is_educators else ENROLLMENT,
            "peer": peer,
            "state": state,
            "requested_at": at,
            "expires_at": row.expires_at,
            "problem_code": code,
        }
    )


def _timeline(said: Exchange, row: Any, match_id: UUID | None, steps: Sequence[Any], **more: Any) -> ExchangeTimeline:
    return ExchangeTimeline(
        **said.model_dump(),
        accepted_at=None if row.accepted is None else issued_at(row.accepted),
        attempts=row.attempts,
        next_attempt_at=row.next_attempt_at,
        match_id=match_id,
        answers=tuple(steps),
        **more,
    )


def _read_in_part(connection: Connection, asked: Any) -> bool:
    """Whether something of what came with the request is not known to this version."""
    if asked.student_id is None:
        return False
    section = SectionRow.__table__.c
    where = (section.student_id == asked.student_id, section.section == UNREAD, section.source == str(asked.id))
    return connection.execute(select(section.version).where(*where)).first() is not None


def _waiting_match(connection: Connection, request_ids: Sequence[UUID | None]) -> UUID | None:
    review = MatchReviewRow.__table__
    waits = review.c.request_id.in_([one for one in request_ids if one is not None])
    found: UUID | None = connection.execute(select(review.c.id).where(waits, review.c.outcome.is_(None))).scalars().first()
    return found
