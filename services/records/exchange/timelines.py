"""The answers of an exchange with their receipts, as steps in time: read off the signed messages that are stored, which were verified."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, select

from safepassage.canonical import json_object
from safepassage.compact import split
from safepassage.wire_exchanges import ExchangeAnswerStep
from services.records.tables import IncomingEnvelopeRow, OutgoingEnvelopeRow


class AnswerOfPeer(NamedTuple):
    """An envelope that came."""

    step: ExchangeAnswerStep
    match_id: UUID | None
    """Under which a match waits for a person."""


def answers_out(connection: Connection, request_id: UUID) -> list[ExchangeAnswerStep]:
    """Ours to a peer's request, the oldest first."""
    sent = OutgoingEnvelopeRow.__table__
    rows = connection.execute(select(sent).where(sent.c.request_id == request_id).order_by(sent.c.id))
    return _by_time([_step(row, json_object(row.claims.encode())["iat"], stored_at=_stored(row.r1 or row.r2)) for row in rows])


def answers_in(connection: Connection, exchange_id: UUID) -> list[AnswerOfPeer]:
    """A peer's to a request of ours, the oldest first."""
    came = IncomingEnvelopeRow.__table__
    rows = connection.execute(select(came).where(came.c.exchange_id == exchange_id).order_by(came.c.stored_at, came.c.id))
    return [AnswerOfPeer(_step(row, _claims(row.jws)["iat"], stored_at=row.stored_at), row.match_id) for row in rows]


def issued_at(token: str) -> datetime:
    """When a signed message says that it was made."""
    return _instant(_claims(token)["iat"])


def _by_time(steps: Sequence[ExchangeAnswerStep]) -> list[ExchangeAnswerStep]:
    return sorted(steps, key=lambda step: (step.made_at, step.log_index is None, step.log_index or 0))


def _step(row: Any, made: int, *, stored_at: datetime | None) -> ExchangeAnswerStep:
    filed = None if row.r2 is None else _claims(row.r2)
    return ExchangeAnswerStep(
        id=row.id,
        kind=row.kind,
        state=row.state,
        made_at=_instant(made),
        stored_at=stored_at,
        filed_at=None if filed is None else _instant(filed["iat"]),
        rejected_because=None if filed is None else filed.get("reason"),
        attempts=row.attempts,
        next_attempt_at=row.next_attempt_at,
        log_index=row.entry_index,
    )


def _stored(receipt: str | None) -> datetime | None:
    return None if receipt is None else _instant(_claims(receipt)["stored_at"])


def _claims(token: str) -> dict[str, Any]:
    _, payload, _, _ = split(token)
    return payload


def _instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
