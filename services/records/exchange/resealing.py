"""An answer that its receiver has no key for any more: answered anew, by a new decision, under a new id, with an entry of its own.

The ciphertext that was refused is deleted, never sealed again. The request takes another answer until it expires.
"""

from functools import partial

from sqlalchemy import Connection, bindparam, func, select

from safepassage.recipient_key import RecipientKey
from services.records.exchange.answering import asked_by
from services.records.exchange.due import any_chance
from services.records.exchange.exchange import Exchange
from services.records.exchange.retries import next_attempt
from services.records.exchange.states import Outgoing, Request
from services.records.exchange.stored_rows import change
from services.records.tables import OutgoingEnvelopeRow, PeerRequestRow
from shared import prepared
from shared.group_commit import Writing

OPEN = (Request.ANSWERED, Request.WAITING)

_REFUSED = (
    select(func.count().label("times"))
    .select_from(OutgoingEnvelopeRow)
    .where(
        OutgoingEnvelopeRow.request_id == bindparam("request_id"),
        OutgoingEnvelopeRow.state == Outgoing.REJECTED,
        OutgoingEnvelopeRow.problem_code == bindparam("code"),
    )
)


async def naming_another(exchange: Exchange, row: OutgoingEnvelopeRow, key: RecipientKey) -> bytes | None:
    """The request's particulars with the key that its requester names now, sealed at rest; None where it cannot be answered so."""
    request = await exchange.find(PeerRequestRow, row.request_id)
    if request is None or not request.particulars or key.suite not in exchange.signing.suites:
        return None
    selector = asked_by(exchange, request).selector.model_copy(update={"answer_key": key})
    return exchange.seal_particulars(request.id, selector.model_dump_json(exclude_none=True).encode())


def answer_anew(tx: Writing, exchange: Exchange, row: OutgoingEnvelopeRow, particulars: bytes | None = None) -> bool:
    """Have the request answered again, in the transaction in which its answer was refused, by the schedule of retries: a peer whose
    statement goes on naming a key that it has not is not sent one answer after the other. False where the request takes no answer any more.
    """
    times = _times_refused(tx.connection, row)
    due = next_attempt(failures=max(times, 1), now=exchange.clock(), chance=any_chance())
    for state in OPEN:
        waits: dict[str, object] = {"attempts": 0, "next_attempt_at": min(due, row.expires_at)}
        if state == Request.ANSWERED:
            waits["state"] = Request.WAITING
        if particulars is not None:
            waits["particulars"] = particulars
        if change(tx.connection, PeerRequestRow, row.request_id, when=(state,), **waits):
            tx.afterwards(partial(exchange.wake, "answering"))
            return True
    return False


def _times_refused(connection: Connection, row: OutgoingEnvelopeRow) -> int:
    found = prepared.row(connection, _REFUSED, {"request_id": row.request_id, "code": "encryption-key-unknown"})
    return 0 if found is None else int(found.times)
