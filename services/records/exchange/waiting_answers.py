"""`/v1/waiting-answers`: our answers that no other node has acknowledged yet; an operator may recall them until it has."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from fastapi import APIRouter, Request, Response
from sqlalchemy import Connection, select

from safepassage.problems.dead_letters import AnswerNotRecallable, NoSuchAnswer
from safepassage.problems.requests import IdempotencyKeyReused, InvalidRequest, NotPermitted
from safepassage.wire_dead_letters import DeadLetter, OperatorAct, WaitingAnswer, WaitingAnswerPage
from services.records.exchange.dead_letter_routes import Operating, operator_of, told
from services.records.exchange.exchange import Exchange
from services.records.exchange.operator_keys import Once
from services.records.exchange.recalling import recall
from services.records.exchange.states import UNDELIVERED
from services.records.tables import OutgoingEnvelopeRow, PeerRequestRow
from shared.cursors import Cursor, Limit, next_link
from shared.problems import responses
from shared.request_clock import Now

router = APIRouter(prefix="/v1/waiting-answers", tags=["exchange"])

PATH: Final = "/v1/waiting-answers"


@router.get("", responses=responses(InvalidRequest))
async def list_waiting_answers(
    request: Request, response: Response, caller: Operating, limit: Limit = 100, cursor: Cursor = None
) -> WaitingAnswerPage:
    """What waits to be delivered to other nodes, the oldest first."""
    cursors, exchange = request.app.state.cursors, request.app.state.exchange
    bound_to = f"waiting-answers:{caller.client_id}"
    after = cursors.read(cursor, bound_to=bound_to)
    rows = await exchange.database.read(lambda connection: _page(connection, after, limit + 1))
    if len(rows) > limit:
        query = {"limit": limit, "cursor": cursors.sign({"after": str(rows[limit - 1].id)}, bound_to=bound_to)}
        response.headers["link"] = next_link(PATH, query)
    return WaitingAnswerPage(answers=tuple(_told(row) for row in rows[:limit]))


@router.post("/{envelope_id}/recall", responses=responses(NotPermitted, NoSuchAnswer, AnswerNotRecallable, IdempotencyKeyReused))
async def recall_answer(envelope_id: UUID, why: OperatorAct, request: Request, caller: Operating, once: Once, now: Now) -> DeadLetter:
    """Recall an answer that no receipt has come for; it is a dead letter then, and the request is answered with not-provided.

    Where it may have left already, the other node is told: it refuses what still comes, or answers with its receipt (`arrived`).
    """
    exchange: Exchange = request.app.state.exchange
    letter_id = await recall(exchange, envelope_id, operator_of(caller, why), once=once)
    return await told(exchange, letter_id, now)


def _page(connection: Connection, after: dict[str, Any] | None, limit: int) -> Sequence[Any]:
    sent, requests = OutgoingEnvelopeRow.__table__, PeerRequestRow.__table__
    columns = (sent.c.id, sent.c.recipient_node, sent.c.state, sent.c.leaves_at, sent.c.attempts, sent.c.next_attempt_at, sent.c.expires_at)
    query = select(*columns, requests.c.exchange_id).join(requests, requests.c.id == sent.c.request_id)
    query = query.where(sent.c.state.in_(UNDELIVERED)).order_by(sent.c.id).limit(limit)
    if after is not None:
        query = query.where(sent.c.id > UUID(after["after"]))
    return connection.execute(query).all()


def _told(row: Any) -> WaitingAnswer:
    names = ("id", "exchange_id", "state", "leaves_at", "attempts", "next_attempt_at", "expires_at")
    return WaitingAnswer.model_validate({name: getattr(row, name) for name in names} | {"peer": row.recipient_node})
