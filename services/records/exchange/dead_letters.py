"""What ended without doing what it was for is laid aside for a person, in the transaction in which it ended; and what can be done with it.

INVARIANT: nothing that was to arrive ends unseen: it is filed, or answered anew by itself, or here.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from safepassage.claims import read_closed
from safepassage.envelope import Envelope
from safepassage.wire_dead_letters import LetterAct, LetterKind
from services.records.exchange.states import UNDELIVERED, Letter, Outgoing, Request
from services.records.exchange.stored_rows import change, store
from services.records.tables import DeadLetterRow, ExchangeRequestRow

UNANSWERED = "unanswered"
"""A request of ours that expired, and nothing ever came."""
EXPIRED = "expired"
RECALLED = "recalled"
OVERDUE = "receipt-overdue"

LIVE = (*UNDELIVERED, Outgoing.RECEIVED, Outgoing.PROCESSED)
"""Envelopes beside which their request gets no other."""


def lay_aside(
    connection: Connection,
    letter_id: UUID,
    kind: LetterKind,
    *,
    peer: str,
    exchange_id: UUID | None,
    code: str,
    now: datetime,
    expires_at: datetime | None = None,
) -> None:
    """Have a person look at it; once, however often it is said."""
    row = DeadLetterRow(
        id=letter_id, kind=kind, state=Letter.OPEN, peer=peer, exchange_id=exchange_id, code=code, since=now, expires_at=expires_at
    )
    store(connection, row)


def lay_answer_aside(connection: Connection, row: Any, *, code: str, now: datetime) -> None:
    """As `lay_aside`, of an answer of ours; `row` is its OutgoingEnvelopeRow."""
    exchange_id = read_closed(row.claims.encode(), model=Envelope).exchange_id
    lay_aside(connection, row.id, "answer", peer=row.recipient_node, exchange_id=exchange_id, code=code, now=now, expires_at=row.expires_at)


def lay_request_aside(connection: Connection, row: ExchangeRequestRow, *, code: str, now: datetime) -> None:
    """As `lay_aside`, of a request of ours."""
    lay_aside(connection, row.id, "request", peer=row.holder, exchange_id=row.id, code=code, now=now, expires_at=row.expires_at)


def settle(connection: Connection, letter_id: UUID) -> None:
    """What was missing has come after all; nobody has to look any more."""
    change(connection, DeadLetterRow, letter_id, when=(Letter.OPEN,), state=Letter.SETTLED)


@dataclass(frozen=True)
class Answered:
    """What is known, beside the letter of an answer, of the request that it answered."""

    state: Request
    expires_at: datetime
    has_package: bool
    """A record of it is on its way, or came."""
    held_back_at: datetime | None = None


def acts_on(kind: LetterKind, state: str, answered: Answered | None, *, now: datetime) -> tuple[LetterAct, ...]:
    """What can be done with a letter. Pure.

    A request is made anew whenever the agency wants. A request that was answered takes another answer until it expires, unless a record
    came; what was refused here is sent again by nobody but its sender.
    """
    if state != Letter.OPEN:
        return ()
    return ("requeue", "give-up") if _can_requeue(kind, answered, now) else ("give-up",)


def _can_requeue(kind: LetterKind, answered: Answered | None, now: datetime) -> bool:
    if kind != "answer" or answered is None:
        return kind == "request"
    return answered.state in REOPENS and now < answered.expires_at and not answered.has_package


REOPENS: Collection[Request] = (Request.ANSWERED, Request.WAITING)
"""States of a request that takes another answer."""
