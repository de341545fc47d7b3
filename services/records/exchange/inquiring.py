"""A receipt R2 that is late: the receiver is asked for it each day. After the last day it is said in the log, and left to a person."""

import logging
from datetime import timedelta
from uuid import UUID

from safepassage.problems import SuiteError
from safepassage.problems.exchanges import PeerUnavailable
from services.records.exchange import events
from services.records.exchange.dead_letters import OVERDUE, lay_answer_aside
from services.records.exchange.exchange import Exchange
from services.records.exchange.receipts import ASKED_AGAIN_AFTER, Answered, take_receipt
from services.records.exchange.sending import claims_of
from services.records.exchange.states import Outgoing
from services.records.exchange.stored_rows import change
from services.records.tables import OutgoingEnvelopeRow
from shared.group_commit import Writing

log = logging.getLogger(__name__)

PATH = "/v1/peer/receipts"
ASKED_FOR = timedelta(days=7)
"""Beyond the request's end: as long as messages of an exchange are told from new ones."""


async def take_up(exchange: Exchange, envelope_id: UUID, row: OutgoingEnvelopeRow | None = None) -> None:
    """Ask once, if it is still wanted; or give up asking. A receipt that comes later is taken all the same."""
    if row is None:
        row = await exchange.find(OutgoingEnvelopeRow, envelope_id)
    if row is None or row.state != Outgoing.RECEIVED or row.next_attempt_at is None:
        return
    if exchange.clock() >= row.expires_at + ASKED_FOR:
        await _give_up(exchange, row)
        return
    due = exchange.clock() + ASKED_AGAIN_AFTER
    try:
        await _ask(exchange, row)
    except SuiteError as error:
        log.info("receipt of filing is late", extra={"peer": row.recipient_node, "code": error.code})

    def put_off(tx: Writing) -> None:
        change(tx.connection, OutgoingEnvelopeRow, envelope_id, when=(Outgoing.RECEIVED,), next_attempt_at=due)

    await exchange.write(put_off)  # changes nothing where the receipt has come


async def _ask(exchange: Exchange, row: OutgoingEnvelopeRow) -> None:
    """Raises the problem for which there is no receipt now."""
    await exchange.trust.refresh()
    member = exchange.trust.member(row.recipient_node)
    exchange.breakers.require_closed(member.entity_id, exchange.clock())
    try:
        answer = await exchange.peers.get(member, f"{PATH}/{row.id}", {})
    except SuiteError:
        exchange.breakers.failed(member.entity_id, exchange.clock())
        raise
    exchange.breakers.answered(member.entity_id)
    if answer.status != 200:
        raise PeerUnavailable("the peer has no receipt of filing yet")
    try:
        token = answer.body.decode("ascii")
    except UnicodeDecodeError as error:
        raise PeerUnavailable("the answer is no receipt") from error
    await take_receipt(exchange, member, token, outcomes=("applied", "rejected"), answered=Answered(row, None))


async def _give_up(exchange: Exchange, row: OutgoingEnvelopeRow) -> None:
    log.error("receipt of filing never came", extra={"peer": row.recipient_node, "event": "receipt-overdue"})
    event = events.overdue(claims_of(row), student_id=row.student_id, custodian_id=row.custodian_id)

    def end(tx: Writing) -> None:
        if change(tx.connection, OutgoingEnvelopeRow, row.id, when=(Outgoing.RECEIVED,), next_attempt_at=None):
            tx.record(event)
            lay_answer_aside(tx.connection, row, code=OVERDUE, now=exchange.clock())

    await exchange.write(end)
