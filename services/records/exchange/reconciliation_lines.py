"""The messages of a day with another node, as this one's store has them."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, select

from safepassage.reconciliation import Line, Step, Stream, StreamCount, count_of
from services.records.exchange.arrived import has_arrived
from services.records.exchange.states import Asked, Incoming, Outgoing, Reconciling
from services.records.tables import ExchangeRequestRow, IncomingEnvelopeRow, OutgoingEnvelopeRow, PeerRequestRow, ReconciliationRow

MILLISECOND: Final = timedelta(milliseconds=1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def bounds_of(day: str) -> tuple[UUID, UUID]:
    """The least UUIDv7 of a day by UTC, and that of the day after. Raises ValueError."""
    midnight = datetime.combine(date.fromisoformat(day), datetime.min.time(), UTC)
    first, last = ((at - _EPOCH) // MILLISECOND for at in (midnight, midnight + timedelta(days=1)))
    return UUID(int=first << 80), UUID(int=last << 80)


def lines_of(
    connection: Connection, stream: Stream, peer: str, day: str, *, after: UUID | None = None, most: int | None = None
) -> list[Line]:
    """The stream's messages in the order of their ids; those after an id, and at most so many, where it is said."""
    who, key, columns, step = _STREAMS[stream]
    first, last = bounds_of(day)
    query = select(key.label("id"), *columns).where(who == peer, key >= first, key < last)
    if after is not None:
        query = query.where(key > after)
    rows = connection.execute(query.order_by(key).limit(most))
    return [Line(id=row.id, step=found) for row in rows if (found := step(row)) is not None]


def has_messages(connection: Connection, peer: str, day: str) -> bool:
    """Whether there was anything between both on that day."""
    return any(lines_of(connection, stream, peer, day, most=1) for stream in _STREAMS)


def due_row(day: str, peer: str, due: datetime) -> ReconciliationRow:
    """That a day is to be compared."""
    return ReconciliationRow(day=day, peer=peer, state=Reconciling.DUE, attempts=0, next_attempt_at=due)


def counts_of(lines: Mapping[Stream, Sequence[Line]]) -> dict[Stream, StreamCount]:
    """Of each stream."""
    return {stream: count_of(of) for stream, of in lines.items()}


def all_lines(connection: Connection, peer: str, day: str) -> dict[Stream, list[Line]]:
    """Of all four streams."""
    return {stream: lines_of(connection, stream, peer, day) for stream in _STREAMS}


def _asked(row: Any) -> Step:
    if row.accepted is not None:
        return "arrived"
    return {Asked.REFUSED.value: "refused", Asked.EXPIRED.value: "dead"}.get(row.state, "waiting")  # type: ignore[return-value]  # steps


def _sent(row: Any) -> Step | None:
    """None for one that has not been logged: it has not been sent."""
    if row.state == Outgoing.PROCESSED:
        return "applied"
    if has_arrived(row):
        return "arrived"
    if row.queued_at is None:
        return None
    ended: dict[str, Step] = {Outgoing.REJECTED: "refused", Outgoing.EXPIRED: "dead", Outgoing.WITHDRAWN: "dead"}
    return ended.get(row.state, "waiting")


def _received(row: Any) -> Step | None:
    """None for one whose receipt is not stored: the sender cannot have it."""
    if row.r1 is None:
        return None
    return "applied" if row.state == Incoming.APPLIED else "arrived"


_ASKED, _REQUESTS = ExchangeRequestRow.__table__.c, PeerRequestRow.__table__.c
_OUT, _IN = OutgoingEnvelopeRow.__table__.c, IncomingEnvelopeRow.__table__.c

_STREAMS: Final[dict[Stream, tuple[Any, Any, tuple[Any, ...], Callable[[Any], Step | None]]]] = {
    "requests-sent": (_ASKED.holder, _ASKED.id, (_ASKED.accepted, _ASKED.state), _asked),
    "requests-received": (_REQUESTS.requester, _REQUESTS.exchange_id, (), lambda _: "arrived"),
    "answers-sent": (_OUT.recipient_node, _OUT.id, (_OUT.state, _OUT.r1, _OUT.r2, _OUT.queued_at), _sent),
    "answers-received": (_IN.issuer, _IN.id, (_IN.state, _IN.r1), _received),
}
