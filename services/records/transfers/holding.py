"""Holding a record until both sides' evidence agrees: opened with the answer that provides nothing, ended by a person, or by what changed.

INVARIANT: the requester of what is held hears what it would hear if nothing were here; only whom the record would have reached otherwise
is told that another claim stands (docs/decisions/0034-evidence-of-both-sides.md).
"""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, select, update

from safepassage.ids import uuid7
from safepassage.notice import ClaimNotice
from safepassage.problems.requests import TemporarilyUnavailable
from safepassage.wire_transfers import HoldCode
from services.records.exchange.events import SYSTEM
from services.records.exchange.exchange import Exchange
from services.records.exchange.states import Request as State
from services.records.exchange.stored_rows import store
from services.records.tables import ClaimEndRow, PeerRequestRow, TransferHoldRow
from services.records.transfers.agreement import StandingClaim
from services.records.transfers.notices import kinds_told, notice_row, tell
from services.records.transfers.sending_side import claims_now
from shared.contracts.audit import Actor, Context, Event
from shared.group_commit import Writing


def open_hold(
    tx: Writing,
    exchange: Exchange,
    request: PeerRequestRow,
    *,
    student_id: UUID,
    custodian_id: UUID,
    codes: Sequence[HoldCode],
    claims: Sequence[StandingClaim],
    now: datetime,
) -> None:
    """In the transaction of the answer. One that is open stays, with what keeps the record now. `claims`: those that compete with it."""
    table = TransferHoldRow.__table__
    waiting = tx.connection.execute(select(table.c.id).where(table.c.request_id == request.id, table.c.outcome.is_(None))).scalar()
    identifier = UUID(str(waiting)) if waiting is not None else uuid7(now)
    sealed = exchange.seal_particulars(identifier, json.dumps(list(codes)).encode())
    if waiting is not None:
        tx.connection.execute(update(TransferHoldRow).where(TransferHoldRow.id == identifier).values(particulars=sealed))
    else:
        row = TransferHoldRow(
            id=identifier,
            request_id=request.id,
            student_id=student_id,
            custodian_id=custodian_id,
            particulars=sealed,
            opened_at=now,
            expires_at=request.expires_at,
            outcome=None,
            reason=None,
            resolved_by=None,
            resolved_at=None,
        )
        store(tx.connection, row)
        tx.record(hold_event(row, request, outcome="held", reason=codes[0]))
    told: list[tuple[str, UUID, ClaimNotice]] = []
    if "concurrent-claims" in codes:
        told = [(one.requester, one.exchange_id, "concurrent-claims") for one in claims]
        told.append((request.requester, request.exchange_id, "concurrent-claims"))
    if "concurrent-enrollment" in codes:
        told.append((request.requester, request.exchange_id, "concurrent-enrollment"))
    for peer, exchange_id, kind in told:
        if kind not in kinds_told(tx.connection, exchange, exchange_id, peer):
            about: dict[str, Any] = {"exchange_id": exchange_id, "peer": peer, "organisation_id": custodian_id, "student_id": student_id}
            tell(tx, exchange, notice_row(exchange, **about, kind=kind, now=now))


def require_unclaimed(tx: Writing, student_id: UUID, request_id: UUID, seen: Sequence[StandingClaim]) -> None:
    """INVARIANT: of two claims that come at once the second sees the first, and a record that was destroyed while the answer was made
    does not leave with it. Looked at before the answer is stored; raises TemporarilyUnavailable then: look again.
    """
    tx.gathered("claims", _Claims).add(student_id, request_id, frozenset(one.request_id for one in seen))


class _Claims:
    """The children whose records several answers of one transaction give, looked at together."""

    def __init__(self) -> None:
        self._answered: dict[UUID, tuple[UUID, frozenset[UUID]]] = {}
        self._is_one_twice = False

    def add(self, student_id: UUID, request_id: UUID, seen: frozenset[UUID]) -> None:
        """The answer to this request gives the child's record, and knows of these other requests."""
        self._is_one_twice |= student_id in self._answered
        self._answered[student_id] = (request_id, seen)

    def write(self, connection: Connection) -> None:
        """Nothing is written: it is made sure of. Raises TemporarilyUnavailable."""
        claims = claims_now(connection, list(self._answered))
        for student_id, (request_id, seen) in self._answered.items():
            if student_id not in claims:
                raise TemporarilyUnavailable("the record was destroyed meanwhile")
            # of two answers in one transaction neither shows the other's claim: each is stored by itself then (GroupCommit)
            if self._is_one_twice or not claims[student_id] - {request_id} <= seen:
                raise TemporarilyUnavailable("another request for the same child came at this moment")


def hold_codes(exchange: Exchange, row: Any) -> tuple[str, ...]:
    """What the record is, or was, held for."""
    return tuple(json.loads(exchange.open_particulars(row.id, row.particulars)))


def released_codes(connection: Connection, exchange: Exchange, request_id: UUID) -> frozenset[str]:
    """For what a person has released the record to this request. Of several holds all count."""
    table = TransferHoldRow.__table__
    query = select(table.c.id, table.c.particulars).where(table.c.request_id == request_id, table.c.outcome == "released")
    return frozenset(code for row in connection.execute(query) for code in hold_codes(exchange, row))


def has_ended(connection: Connection, request_id: UUID) -> bool:
    """Whether the claim of this request does not stand any more: taken back by the peer, or refused by a person here."""
    return connection.execute(select(ClaimEndRow.request_id).where(ClaimEndRow.request_id == request_id)).first() is not None


def lift(tx: Writing, request: PeerRequestRow, now: datetime) -> None:
    """What held the record is gone, or the claim is."""
    table = TransferHoldRow.__table__
    for row in tx.connection.execute(select(table).where(table.c.request_id == request.id, table.c.outcome.is_(None))).all():
        tx.connection.execute(update(TransferHoldRow).where(table.c.id == row.id).values(outcome="lifted", resolved_at=now))
        tx.record(hold_event(row, request, outcome="lifted", reason=None))


def look_again(tx: Writing, exchange: Exchange, student_id: UUID, now: datetime) -> None:
    """Requests for this child that are held are answered anew."""
    held = select(TransferHoldRow.request_id).where(TransferHoldRow.student_id == student_id, TransferHoldRow.outcome.is_(None))
    waiting = update(PeerRequestRow).where(PeerRequestRow.id.in_(held), PeerRequestRow.state == State.WAITING)
    if tx.connection.execute(waiting.values(next_attempt_at=now)).rowcount:
        tx.afterwards(lambda: exchange.wake("answering"))


def hold_event(row: Any, request: PeerRequestRow, *, outcome: str, reason: str | None, actor: Actor = SYSTEM) -> Event:
    """What the log is told of a hold."""
    return Event(
        class_="match",
        key=f"{row.id}:hold-{outcome}",
        subjects=(row.student_id,),
        custodians=(row.custodian_id,),
        actor=actor,
        context=Context(
            operation="transfer-hold",
            outcome=outcome,
            reason=reason,
            purpose="enrollment",
            recipient_node=request.requester,
            exchange_id=request.exchange_id,
        ),
    )
