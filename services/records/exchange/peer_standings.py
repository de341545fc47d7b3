"""How each other node of the trust list stands with this one, off the store: what waits for it, when it was heard, how days compared."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, func, literal_column, select

from safepassage.wire_peers import DayOfPeer, PeerLog, WaitingForPeer
from services.records.exchange.reconciliation_lines import bounds_of
from services.records.exchange.states import UNDELIVERED, Asked, Incoming, Letter, Notice, Telling
from services.records.exchange.timelines import issued_at
from services.records.tables import (
    DeadLetterRow,
    EndingRow,
    ExchangeRequestRow,
    IncomingEnvelopeRow,
    NodeStatementRow,
    OutgoingEnvelopeRow,
    OutgoingNoticeRow,
    PeerLogRow,
    PeerRequestRow,
    ReconciliationRow,
)
from shared.clock import EPOCH

LOOKED_BACK: Final = timedelta(days=30)

_ASKED, _TAKEN = ExchangeRequestRow.__table__.c, PeerRequestRow.__table__.c
_OUT, _IN = OutgoingEnvelopeRow.__table__.c, IncomingEnvelopeRow.__table__.c
_NOTICES, _ENDINGS, _LETTERS = OutgoingNoticeRow.__table__.c, EndingRow.__table__.c, DeadLetterRow.__table__.c
_LOGS, _DAYS, _STATEMENTS = PeerLogRow.__table__.c, ReconciliationRow.__table__.c, NodeStatementRow.__table__.c

_WAITS: Final[Mapping[str, tuple[ColumnElement[str], tuple[ColumnElement[bool], ...]]]] = {
    # What is due at all is due after the epoch: by what is not null SQLite finds nothing in an index, and reads every exchange.
    "requests": (_ASKED.holder, (_ASKED.state == Asked.PREPARED, _ASKED.next_attempt_at >= EPOCH)),
    "answers": (_OUT.recipient_node, (_OUT.state.in_(UNDELIVERED), _OUT.next_attempt_at >= EPOCH)),
    "receipts": (
        _IN.issuer,
        (_IN.state.in_((Incoming.APPLIED, Incoming.REJECTED)), _IN.r2.is_not(None), _IN.next_attempt_at >= EPOCH),
    ),
    "notices": (
        _NOTICES.peer,
        (_NOTICES.state.in_((Notice.PREPARED, Notice.SEALED, Notice.QUEUED)), _NOTICES.next_attempt_at >= EPOCH),
    ),
    "endings": (_ENDINGS.peer, (_ENDINGS.state == Telling.WAITING, _ENDINGS.next_attempt_at >= EPOCH)),
    "letters": (_LETTERS.peer, (_LETTERS.state == Letter.OPEN,)),
}
"""By kind: whose they are, and which of them wait."""


@dataclass(frozen=True)
class HeldStatement:
    """A node's statement as it is stored."""

    serial: int
    token: str
    fetched_at: datetime


@dataclass
class StoredStanding:
    """What the store says of one node."""

    waiting: WaitingForPeer = field(default_factory=WaitingForPeer)
    statement: HeldStatement | None = None
    delivered_at: datetime | None = None
    heard_at: datetime | None = None
    logs: tuple[PeerLog, ...] = ()
    days: tuple[DayOfPeer, ...] = ()


def stored_standings(connection: Connection, entity_ids: Collection[str], now: datetime) -> dict[str, StoredStanding]:
    """By entity id, of each of `entity_ids`: what of it is of the last 30 days, but for statements and logs."""
    since = now - LOOKED_BACK
    oldest, _ = bounds_of(since.date().isoformat())
    waiting, delivered, heard = _waiting(connection), _delivered(connection, entity_ids, oldest), _heard(connection, entity_ids, oldest)
    statements, logs, days = _statements(connection), _logs(connection), _days(connection, since.date().isoformat())
    found = {}
    for entity_id in entity_ids:
        statement, seen = statements.get(entity_id), logs.get(entity_id, [])
        times = [*heard.get(entity_id, []), *(one.seen_at for one in seen), *(() if statement is None else (statement.fetched_at,))]
        found[entity_id] = StoredStanding(
            waiting.get(entity_id, WaitingForPeer()),
            statement,
            max(delivered.get(entity_id, []), default=None),
            max(times, default=None),
            tuple(seen),
            tuple(days.get(entity_id, [])),
        )
    return found


def _waiting(connection: Connection) -> dict[str, WaitingForPeer]:
    counted: dict[str, dict[str, Any]] = {}
    for kind, (whose, clauses) in _WAITS.items():
        peer_of = whose + literal_column("''")  # by the column itself SQLite takes the index in which issuers come in order, and all of it
        for peer, count in connection.execute(select(peer_of, func.count()).where(*clauses).group_by(peer_of)):
            counted.setdefault(peer, {})[kind] = count
    for kind, at in (("requests", _ASKED.requested_at), ("answers", _OUT.queued_at)):
        whose, clauses = _WAITS[kind]
        for peer, first in connection.execute(select(whose, func.min(at)).where(*clauses, at.is_not(None)).group_by(whose)):
            known = counted[peer].get("since")
            counted[peer]["since"] = first if known is None else min(known, first)
    return {peer: WaitingForPeer(**counts) for peer, counts in counted.items()}


def _delivered(connection: Connection, peers: Collection[str], oldest: UUID) -> dict[str, list[datetime]]:
    """When each acknowledged the newest request and the newest answer of ours that it has acknowledged: as its receipt says."""
    found: dict[str, list[datetime]] = {}
    for whose, key, receipt in (
        (_ASKED.holder, _ASKED.id, _ASKED.accepted),
        (_OUT.recipient_node, _OUT.id, func.coalesce(_OUT.r2, _OUT.r1)),
    ):
        for peer, token in _newest(connection, whose, key, receipt, peers, oldest):
            found.setdefault(peer, []).append(issued_at(token))
    return found


def _heard(connection: Connection, peers: Collection[str], oldest: UUID) -> dict[str, list[datetime]]:
    found: dict[str, list[datetime]] = {}
    for whose, key, at in ((_TAKEN.requester, _TAKEN.id, _TAKEN.received_at), (_IN.issuer, _IN.id, _IN.stored_at)):
        for peer, instant in _newest(connection, whose, key, at, peers, oldest):
            found.setdefault(peer, []).append(instant)
    return found


def _newest(connection: Connection, whose: Any, key: Any, value: Any, peers: Collection[str], oldest: UUID) -> Sequence[tuple[str, Any]]:
    """Of each peer, `value` of the row with the highest id that has one: ids begin with the instant at which they were made."""
    rank = func.row_number().over(partition_by=whose, order_by=key.desc()).label("rank")
    ranked = select(whose.label("peer"), value.label("value"), rank).where(whose.in_(peers), key >= oldest, value.is_not(None)).subquery()
    rows = connection.execute(select(ranked.c.peer, ranked.c.value).where(ranked.c.rank == 1))
    return [(peer, found) for peer, found in rows]


def _statements(connection: Connection) -> dict[str, HeldStatement]:
    rows = connection.execute(select(_STATEMENTS.entity_id, _STATEMENTS.serial, _STATEMENTS.token, _STATEMENTS.fetched_at))
    return {row.entity_id: HeldStatement(row.serial, row.token, row.fetched_at) for row in rows}


def _logs(connection: Connection) -> dict[str, list[PeerLog]]:
    found: dict[str, list[PeerLog]] = {}
    for row in connection.execute(select(_LOGS.node, _LOGS.origin, _LOGS.size, _LOGS.seen_at).order_by(_LOGS.seen_at.desc(), _LOGS.origin)):
        found.setdefault(row.node, []).append(PeerLog(origin=row.origin, size=row.size, seen_at=row.seen_at))
    return found


def _days(connection: Connection, since: str) -> dict[str, list[DayOfPeer]]:
    found: dict[str, list[DayOfPeer]] = {}
    for row in connection.execute(select(_DAYS.peer, _DAYS.day, _DAYS.state).where(_DAYS.day >= since).order_by(_DAYS.day.desc())):
        found.setdefault(row.peer, []).append(DayOfPeer(day=row.day, state=row.state))
    return found
