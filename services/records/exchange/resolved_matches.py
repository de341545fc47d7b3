"""A person has said who the child is: the request, or the package, that waited for it goes on."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.records.exchange import events
from services.records.exchange.exchange import Exchange
from services.records.exchange.states import Incoming, Request, require_transition
from services.records.tables import IncomingEnvelopeRow, PeerRequestRow, StudentRow


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
    if row is not None and row.state == Incoming.MATCHING:
        require_transition(Incoming.MATCHING, Incoming.RECEIVED)
        row.state, row.student_id, row.next_attempt_at = Incoming.RECEIVED, student_id, now
        exchange.wake_after(tx, "opening")


async def _answer(exchange: Exchange, tx: AsyncSession, request: PeerRequestRow, student_id: UUID | None, now: datetime) -> None:
    if student_id is None or request.state != Request.WAITING or request.student_id is not None:
        return
    custodian_id = (await tx.execute(select(StudentRow.custodian_id).where(StudentRow.id == student_id))).scalar_one()
    request.student_id, request.next_attempt_at = student_id, now
    exchange.outbox.record(
        tx,
        events.matched(
            request_id=request.id,
            exchange_id=request.exchange_id,
            requester=request.requester,
            student_id=student_id,
            custodian_id=custodian_id,
            outcome="person",
        ),
    )
    exchange.wake_after(tx, "answering")
