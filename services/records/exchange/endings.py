"""That a message of ours ended, for the other side: signed, stored in the transaction in which it ends, sent behind."""

from datetime import timedelta
from functools import partial
from typing import Any, Final, Literal
from uuid import UUID

from safepassage.ending import Ending
from safepassage.ids import uuid7
from safepassage.suites import suite_named
from services.records.exchange.exchange import Exchange
from services.records.exchange.states import Telling
from services.records.exchange.stored_rows import store
from services.records.tables import EndingRow, ExchangeRequestRow
from shared.group_commit import Writing

TRIED_FOR: Final = timedelta(days=7)
"""Beyond the request's end: as long as messages of an exchange are told from new ones."""


async def answer_ended(exchange: Exchange, message: Any, outcome: Literal["expired", "recalled", "given-up"]) -> EndingRow:
    """The row that tells of an answer of ours. `message` is its Envelope."""
    return await _drafted(
        exchange,
        peer=message.aud,
        exchange_id=message.exchange_id,
        request_digest=message.request_digest,
        envelope_id=message.envelope_id,
        outcome=outcome,
        suite=suite_named(message.suite),
    )


async def request_given_up(exchange: Exchange, row: ExchangeRequestRow) -> EndingRow:
    """The row that tells of a request of ours."""
    return await _drafted(
        exchange,
        peer=row.holder,
        exchange_id=row.id,
        request_digest=row.request_digest,
        envelope_id=None,
        outcome="given-up",
        answers=row.token,
    )


async def _drafted(
    exchange: Exchange,
    *,
    peer: str,
    exchange_id: UUID,
    request_digest: str,
    envelope_id: UUID | None,
    outcome: Literal["expired", "recalled", "given-up"],
    **signature: Any,
) -> EndingRow:
    now = exchange.clock()
    ending_id = uuid7(now)
    message = Ending(
        ending_id=ending_id,
        iss=exchange.entity_id,
        aud=peer,
        exchange_id=exchange_id,
        request_digest=request_digest,
        envelope_id=envelope_id,
        outcome=outcome,
        iat=int(now.timestamp()),
    )
    return EndingRow(
        id=ending_id,
        peer=peer,
        exchange_id=exchange_id,
        envelope_id=envelope_id,
        state=Telling.WAITING,
        token=await exchange.sign(message, **signature),
        lapses_at=now + TRIED_FOR,
        attempts=0,
        next_attempt_at=now,
    )


def tell(tx: Writing, exchange: Exchange, ending: EndingRow) -> None:
    """Have it told, once `tx` has committed."""
    store(tx.connection, ending)
    tx.afterwards(partial(exchange.wake, "telling"))
