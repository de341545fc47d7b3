"""`/v1/dead-letters`: what ended without arriving, for the state agency's operators; sent again, or given up, on record."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy import Connection, select

from safepassage.problems import REGISTRY
from safepassage.problems.dead_letters import LetterClosed, LetterNotRequeueable, NoSuchLetter
from safepassage.problems.exchanges import RequestNotPermitted
from safepassage.problems.records import NoSuchStudent
from safepassage.problems.requests import IdempotencyKeyReused, InvalidRequest, NotPermitted
from safepassage.problems.trust import NotAMember, TrustListStale
from safepassage.wire_dead_letters import DeadLetter, DeadLetterOrder, DeadLetterPage, LetterState, OperatorAct
from services.records.exchange import requeueing
from services.records.exchange.arrived import arrived
from services.records.exchange.dead_letters import Answered, acts_on
from services.records.exchange.exchange import Exchange
from services.records.exchange.operator_events import Operator
from services.records.exchange.operator_keys import SCOPE, Once
from services.records.exchange.requeueing import answered_requests
from services.records.exchange.stored_rows import row_at
from services.records.tables import DeadLetterRow, OutgoingEnvelopeRow
from shared.actors import client_actor
from shared.caller import Caller, caller_with
from shared.clock import EPOCH
from shared.cursors import Cursor, Limit, next_link
from shared.keyset import behind
from shared.officials import as_known
from shared.problems import responses
from shared.request_clock import Now

router = APIRouter(prefix="/v1/dead-letters", tags=["exchange"])

Operating = Annotated[Caller, caller_with(SCOPE)]
PATH: Final = "/v1/dead-letters"
BOUND_TO: Final = "dead-letters"
MILLISECOND: Final = timedelta(milliseconds=1)


def operator_of(caller: Caller, why: OperatorAct) -> Operator:
    """Who acts, in the role of the official named. Raises NotPermitted where that is another one than who signed in."""
    official = as_known(caller.claims, why.acting_official)
    why = why.model_copy(update={"acting_official": official})
    return Operator(client_actor(caller.claims, role=official.role), caller.client_id, why)


@router.get("", responses=responses(InvalidRequest))
async def list_dead_letters(
    request: Request,
    response: Response,
    caller: Operating,
    now: Now,
    state: Annotated[LetterState, Query(description="Those that wait for somebody, or those that were dealt with.")] = "open",
    limit: Limit = 100,
    cursor: Cursor = None,
    sort: Annotated[DeadLetterOrder, Query(description="With a minus the newest first.")] = "since",
) -> DeadLetterPage:
    """What ended without arriving, the oldest first unless asked otherwise: why, since when, what can be done."""
    cursors, exchange = request.app.state.cursors, request.app.state.exchange
    bound_to = f"{BOUND_TO}:{state}:{sort}:{caller.client_id}"
    after = cursors.read(cursor, bound_to=bound_to)
    rows, seen = await exchange.database.read(lambda connection: _page(connection, state, sort, after, limit + 1))
    if len(rows) > limit:
        last = rows[limit - 1]
        position = {"since": (last.since - EPOCH) // MILLISECOND, "id": str(last.id)}
        query = {"state": state, "limit": limit, "sort": sort, "cursor": cursors.sign(position, bound_to=bound_to)}
        response.headers["link"] = next_link(PATH, query)
    return DeadLetterPage(letters=tuple(_told(row, seen, now) for row in rows[:limit]))


@router.get("/{letter_id}", responses=responses(NoSuchLetter))
async def read_dead_letter(letter_id: UUID, request: Request, _: Operating, now: Now) -> DeadLetter:
    """One of them, also when it is closed."""
    return await told(request.app.state.exchange, letter_id, now)


ACTS: Final = responses(NotPermitted, NoSuchLetter, LetterClosed, LetterNotRequeueable, IdempotencyKeyReused)


@router.post("/{letter_id}/requeue", responses={**ACTS, **responses(NotAMember, TrustListStale, RequestNotPermitted, NoSuchStudent)})
async def requeue_dead_letter(letter_id: UUID, why: OperatorAct, request: Request, caller: Operating, once: Once, now: Now) -> DeadLetter:
    """Send it again: decided anew, under a new id, with an entry of its own. The first who does it closes the letter."""
    exchange: Exchange = request.app.state.exchange
    await requeueing.requeue(exchange, letter_id, operator_of(caller, why), caller, once)
    return await told(exchange, letter_id, now)


@router.post("/{letter_id}/abandonment", responses=ACTS)
async def give_up_dead_letter(letter_id: UUID, why: OperatorAct, request: Request, caller: Operating, once: Once, now: Now) -> DeadLetter:
    """Give it up: nothing more is sent for it, and the other node is told where it does not know."""
    exchange: Exchange = request.app.state.exchange
    await requeueing.give_up(exchange, letter_id, operator_of(caller, why), once)
    return await told(exchange, letter_id, now)


class _Seen:
    """What is known of answers besides their letters."""

    def __init__(self, answered: dict[UUID, Answered], arrived: frozenset[UUID]) -> None:
        self.answered, self.arrived = answered, arrived


def _about(connection: Connection, rows: Sequence[Any]) -> _Seen:
    ids = [row.id for row in rows if row.kind == "answer"]
    if not ids:
        return _Seen({}, frozenset())
    sent = OutgoingEnvelopeRow.__table__
    there = connection.execute(select(sent.c.id).where(sent.c.id.in_(ids), arrived(sent.c))).scalars()
    return _Seen(answered_requests(connection, ids), frozenset(there))


def _page(connection: Connection, state: str, sort: str, after: dict[str, Any] | None, limit: int) -> tuple[Sequence[Any], _Seen]:
    table = DeadLetterRow.__table__
    last = None if after is None else (EPOCH + after["since"] * MILLISECOND, UUID(after["id"]))
    query = behind(select(table).where(table.c.state == state), (table.c.since, table.c.id), last, sort=sort)
    rows = connection.execute(query.limit(limit)).all()
    return rows, _about(connection, rows)


async def told(exchange: Exchange, letter_id: UUID, now: datetime) -> DeadLetter:
    """The letter as it stands. Raises NoSuchLetter."""

    def read(connection: Connection) -> tuple[DeadLetterRow | None, _Seen]:
        row = row_at(connection, DeadLetterRow, letter_id)
        return row, _about(connection, () if row is None else (row,))

    row, seen = await exchange.database.read(read)
    if row is None:
        raise NoSuchLetter
    return _told(row, seen, now)


def _told(row: Any, seen: _Seen, now: datetime) -> DeadLetter:
    problem = REGISTRY.get(row.code)
    names = (
        "id",
        "kind",
        "state",
        "peer",
        "exchange_id",
        "code",
        "since",
        "expires_at",
        "acted_at",
        "official",
        "role",
        "reason",
        "requeued_as",
    )
    return DeadLetter.model_validate(
        {name: getattr(row, name) for name in names}
        | {
            "remedy": None if problem is None else problem.remedy,
            "can": acts_on(row.kind, row.state, seen.answered.get(row.id), now=now),
            "arrived": row.id in seen.arrived,
        }
    )
