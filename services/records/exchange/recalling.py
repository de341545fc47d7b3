"""An operator recalls an answer that waits: before the other side has acknowledged it, and not afterwards.

The request is answered anew, with not-provided: the peer hears what it hears where there is nothing from the start. Where the answer may
have left, the peer is told besides that it ended: it refuses what still comes, or says that it has it.
"""

from datetime import timedelta
from functools import partial
from typing import Final
from uuid import UUID

from safepassage.problems.dead_letters import AnswerNotRecallable, NoSuchAnswer
from services.records.exchange import endings, events
from services.records.exchange.dead_letters import RECALLED, REOPENS, lay_answer_aside
from services.records.exchange.exchange import Exchange
from services.records.exchange.operator_events import Operator, acted
from services.records.exchange.operator_keys import OnceAtOperation
from services.records.exchange.sending import claims_of
from services.records.exchange.states import UNDELIVERED, Outgoing, Request
from services.records.exchange.stored_rows import change, row_at
from services.records.tables import EndingRow, OutgoingEnvelopeRow, PeerRequestRow
from shared.group_commit import Writing

SURELY: Final = timedelta(minutes=1)
"""So long before its tick an answer cannot be under way when the recall is committed."""


async def recall(exchange: Exchange, envelope_id: UUID, operator: Operator, *, once: OnceAtOperation) -> UUID:
    """Recall it; gives the dead letter's id, which is the envelope's. Raises NoSuchAnswer, AnswerNotRecallable."""
    row = await exchange.find(OutgoingEnvelopeRow, envelope_id)
    if row is None:
        raise NoSuchAnswer
    ending = await endings.answer_ended(exchange, claims_of(row), "recalled")

    def end(tx: Writing) -> UUID:
        earlier = once.earlier(tx.connection)
        if earlier is None:
            _end(tx, exchange, envelope_id, operator, ending)
            once.keep(tx.connection, envelope_id, exchange.clock())
        return envelope_id

    return await exchange.write(end)


def _end(tx: Writing, exchange: Exchange, envelope_id: UUID, operator: Operator, ending: EndingRow) -> None:
    """INVARIANT: only what no receipt is stored for is recalled; the row's lock decides who was quicker."""
    row = row_at(tx.connection, OutgoingEnvelopeRow, envelope_id, lock=True)
    if row is None or row.state not in UNDELIVERED:
        raise AnswerNotRecallable
    now, message = exchange.clock(), claims_of(row)
    never_sent = row.state == Outgoing.SEALED or (row.attempts == 0 and now + SURELY < row.leaves_at)
    ended = {"state": Outgoing.WITHDRAWN, "problem_code": RECALLED, "ciphertext": None, "next_attempt_at": None}
    change(tx.connection, OutgoingEnvelopeRow, envelope_id, when=(Outgoing(row.state),), **ended)
    if row.kind != "not-provided" and row.student_id is not None:
        withdrawn = events.withdrawn(
            message,
            student_id=row.student_id,
            custodian_id=row.custodian_id,
            decision_id=row.decision_id,
            reason=RECALLED,
            never_sent=never_sent,
        )
        tx.record(withdrawn)
    tx.record(acted(operator, "recall", envelope_id, code=RECALLED, peer=row.recipient_node, exchange_id=message.exchange_id))
    lay_answer_aside(tx.connection, row, code=RECALLED, now=now)
    for state in REOPENS:
        waits = {"held_back_at": now, "attempts": 0, "next_attempt_at": now}
        if state != Request.WAITING:
            waits["state"] = Request.WAITING
        change(tx.connection, PeerRequestRow, row.request_id, when=(state,), **waits)
    if not never_sent:
        endings.tell(tx, exchange, ending)
    tx.afterwards(partial(exchange.wake, "answering"))
