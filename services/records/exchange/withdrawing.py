"""An envelope that is not delivered, or not any more: said in the log, its ciphertext deleted (decisions 1 and 3)."""

import logging
from functools import partial

from safepassage.claims import read_closed
from safepassage.envelope import Envelope
from services.records.exchange import endings, events
from services.records.exchange.dead_letters import lay_answer_aside
from services.records.exchange.exchange import Exchange
from services.records.exchange.states import UNDELIVERED, Outgoing, Request
from services.records.exchange.stored_rows import change
from services.records.tables import OutgoingEnvelopeRow, PeerRequestRow
from shared.group_commit import Writing

log = logging.getLogger(__name__)


async def give_up(
    exchange: Exchange,
    row: OutgoingEnvelopeRow,
    state: Outgoing,
    *,
    reason: str,
    never_sent: bool,
    logged: bool = True,
    reopen: bool = False,
    aside: bool = True,
) -> bool:
    """End an undelivered envelope as WITHDRAWN or EXPIRED. False if a receipt came meanwhile: then nothing is changed.

    never_sent  no attempt was made, by this process or another
    logged      False where the log has refused the disclosure, so that there is none to withdraw
    reopen      the request is answered anew, by a new decision: as a rule with not-provided, as where there was nothing from the start
    aside       a person looks at it, unless it is answered anew; what expired the other side is told too
    """
    log.info("envelope not delivered", extra={"event": state.value, "code": reason})
    message = read_closed(row.claims.encode(), model=Envelope)
    ending = await endings.answer_ended(exchange, message, "expired") if state == Outgoing.EXPIRED else None

    def end(tx: Writing) -> bool:
        ended = {"state": state, "problem_code": reason, "ciphertext": None, "next_attempt_at": None}
        if not change(tx.connection, OutgoingEnvelopeRow, row.id, when=UNDELIVERED, **ended):
            return False
        # INVARIANT: a disclosure that is in the log and does not take place is said to be withdrawn, in the same transaction.
        if logged and row.kind != "not-provided" and row.student_id is not None:
            tx.record(
                events.withdrawn(
                    message,
                    student_id=row.student_id,
                    custodian_id=row.custodian_id,
                    decision_id=row.decision_id,
                    reason=reason,
                    never_sent=never_sent,
                ),
            )
        if reopen:
            waits = {"state": Request.WAITING, "attempts": 0, "next_attempt_at": exchange.clock()}
            if change(tx.connection, PeerRequestRow, row.request_id, when=(Request.ANSWERED,), **waits):
                tx.afterwards(partial(exchange.wake, "answering"))
        elif aside:
            lay_answer_aside(tx.connection, row, code=reason, now=exchange.clock())
        if ending is not None:
            endings.tell(tx, exchange, ending)
        return True

    return await exchange.write(end)
