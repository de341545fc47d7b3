"""Matches of the exchange: whom a request asks for, and what goes on once a person has said who the child is."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.claims import read_closed
from safepassage.problems.records import MatchResolved, NoSuchStudent
from safepassage.request import Selector
from safepassage.wire_exchange import PersonSelector
from services.records.exchange import request_events
from services.records.exchange.exchange import Exchange
from services.records.exchange.states import Incoming, Request, require_transition
from services.records.exchange.stored_rows import row_at
from services.records.tables import ExchangeRequestRow, IncomingEnvelopeRow, PeerRequestRow, StudentRow


async def on_match_resolved(exchange: Exchange, tx: AsyncSession, request_id: UUID, student_id: UUID | None, now: datetime) -> None:
    """In the transaction of the person's word. `student_id` None: none of the candidates.

    At the holder nothing more is provided then; at the requester the record is filed as a new student's.
    """
    request = await tx.get(PeerRequestRow, request_id, with_for_update=True)
    if request is not None:
        await _answer(exchange, tx, request, student_id, now)
        return
    query = select(IncomingEnvelopeRow).where(IncomingEnvelopeRow.match_id == request_id).with_for_update()
    row = (await tx.execute(query)).scalar_one_or_none()
    if row is not None:
        if row.state != Incoming.MATCHING:  # its time was over at this very moment
            raise MatchResolved
        require_transition(Incoming.MATCHING, Incoming.RECEIVED)
        row.state, row.student_id, row.next_attempt_at = Incoming.RECEIVED, student_id, now
        exchange.wake_after(tx, "opening")


def sought_by_match(exchange: Exchange, connection: Connection, request_id: UUID) -> PersonSelector | None:
    """Whom a peer's request asks for, or ours whose answer waits; None where its particulars are gone."""
    request = row_at(connection, PeerRequestRow, request_id)
    if request is not None:
        return _person(exchange, request.id, request.particulars)
    waits = select(IncomingEnvelopeRow.exchange_id).where(IncomingEnvelopeRow.match_id == request_id)
    exchange_id = connection.execute(waits).scalar_one_or_none()
    asked = None if exchange_id is None else row_at(connection, ExchangeRequestRow, exchange_id)
    return None if asked is None else _person(exchange, asked.id, asked.particulars)


def _person(exchange: Exchange, request_id: UUID, particulars: bytes) -> PersonSelector | None:
    try:
        return _selector(exchange, request_id, particulars).person if particulars else None
    except NoSuchStudent:  # its record was destroyed, and with it who was asked for
        return None


def _selector(exchange: Exchange, request_id: UUID, particulars: bytes) -> Selector:
    return read_closed(exchange.open_particulars(request_id, particulars), model=Selector)


async def _answer(exchange: Exchange, tx: AsyncSession, request: PeerRequestRow, student_id: UUID | None, now: datetime) -> None:
    if student_id is None or request.state != Request.WAITING or request.student_id is not None:
        return
    custodian_id = (await tx.execute(select(StudentRow.custodian_id).where(StudentRow.id == student_id))).scalar_one()
    request.student_id, request.next_attempt_at = student_id, now
    exchange.outbox.record(
        tx,
        request_events.matched(
            request_id=request.id,
            exchange_id=request.exchange_id,
            requester=request.requester,
            selector=_selector(exchange, request.id, request.particulars),
            student_id=student_id,
            custodian_id=custodian_id,
            outcome="person",
        ),
    )
    exchange.wake_after(tx, "answering")
