"""An exchange as this node keeps it: its signed messages, and the events by which its log has it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, select

from safepassage.canonical import digest_of
from safepassage.chain_messages import ChainAnswer, ChainMessages, SaidMessages, kept_messages, logged_at
from safepassage.chain_part import Act
from safepassage.compact import split
from services.records.exchange.arrived import has_arrived
from services.records.exchange.states import Outgoing
from services.records.tables import ExchangeRequestRow, IncomingEnvelopeRow, OutgoingEnvelopeRow, PeerRequestRow
from shared.contracts.audit import KnownSize
from shared.contracts.chains import NamedEvent

MOST_ANSWERS: Final = 12
"""The newest of a request's answers; there are hardly ever more than two."""


@dataclass(frozen=True)
class Kept:
    """One exchange."""

    messages: ChainMessages
    events: tuple[NamedEvent, ...]
    peer: str
    """The other node."""
    received_by: UUID | None = None
    """Of an exchange that this node asked for: the student as whose the record was filed."""
    origin: str | None = None
    """Of an exchange that this node holds for: on whose behalf the record was disclosed, once it was received."""

    @property
    def said(self) -> SaidMessages:
        """The messages, read: those of the peer were verified when they came."""
        return kept_messages(self.messages)

    def sizes(self, node: str) -> tuple[KnownSize, ...]:
        """Checkpoints of this node's logs that the messages carry."""
        seen = {logged_at(one.message).logged.checkpoint for one in self.said.logged_by(node)}
        return tuple(KnownSize(origin=one.origin, size=one.size) for one in sorted(seen, key=lambda each: (each.origin, each.size)))


def kept(connection: Connection, exchange_id: UUID, *, peer: str | None = None) -> Kept | None:
    """The exchange with this id, with `peer` where one is named; None if there is none: a finding moves nothing, and has no chain.

    Ids are the requester's choice: of two requesters that used the same one, the first counts for who names no peer.
    """
    asked = _asked_here(connection, exchange_id)
    if asked is not None and peer in (None, asked.peer):
        return asked
    return _asked_of_us(connection, exchange_id, peer)


def _asked_here(connection: Connection, exchange_id: UUID) -> Kept | None:
    table = ExchangeRequestRow.__table__
    row = connection.execute(
        select(table).where(table.c.id == exchange_id, table.c.finding_id.is_(None), table.c.is_educators.is_(False))
    ).first()
    if row is None:
        return None
    incoming = IncomingEnvelopeRow.__table__
    columns = (incoming.c.id, incoming.c.kind, incoming.c.jws, incoming.c.r1, incoming.c.r2)
    query = select(*columns).where(incoming.c.exchange_id == exchange_id, incoming.c.issuer == row.holder)
    answers = _in_order(connection.execute(query).all())
    events = [NamedEvent(act="requested", key=f"{exchange_id}:request")]
    for answer in answers:
        events.append(_event("received", answer.id, f"{answer.id}:received"))
        if answer.kind == "package":
            events.append(_event("filed", answer.id, f"{answer.id}:filed"))
    messages = ChainMessages(request=row.token, accepted=row.accepted, answers=tuple(map(_answer, answers)))
    return Kept(messages, tuple(events), row.holder, row.student_id)


def _asked_of_us(connection: Connection, exchange_id: UUID, peer: str | None) -> Kept | None:
    table = PeerRequestRow.__table__
    query = (
        select(table)
        .where(table.c.exchange_id == exchange_id, table.c.is_finding.is_(False), table.c.is_educators.is_(False))
        .order_by(table.c.received_at, table.c.id)
        .limit(1)
    )
    row = connection.execute(query if peer is None else query.where(table.c.requester == peer)).first()
    if row is None:
        return None
    answers = [answer for answer in _sent(connection, row.id) if _may_have_left(answer)]
    events = [NamedEvent(act="request-received", key=f"{digest_of(row.requester.encode())[:16]}:{exchange_id}:asked")]
    for answer in answers:
        events.append(_event("disclosed" if answer.kind == "package" else "not-provided", answer.id, str(answer.id)))
        events.append(_event("receipt-recorded", answer.id, f"{answer.id}:r1"))
        events.append(_event("outcome-recorded", answer.id, f"{answer.id}:r2"))
    messages = ChainMessages(request=row.token, accepted=row.accepted, answers=tuple(map(_answer, answers)))
    return Kept(messages, tuple(events), row.requester, origin=_origin(answers))


def delivered(one: Kept) -> tuple[NamedEvent, ...]:
    """The events that the requester knows of: nothing of an answer that it has not acknowledged."""
    known = {answer.envelope.message.envelope_id for answer in one.said.answers if has_arrived(answer)}
    return tuple(event for event in one.events if event.envelope_id is None or event.envelope_id in known)


def _sent(connection: Connection, request_id: UUID) -> list[Any]:
    table = OutgoingEnvelopeRow.__table__
    columns = (table.c.id, table.c.kind, table.c.state, table.c.attempts, table.c.jws, table.c.event, table.c.r1, table.c.r2)
    query = select(*columns).where(table.c.request_id == request_id, table.c.jws.is_not(None))
    return _in_order(connection.execute(query).all())


def _may_have_left(answer: Any) -> bool:
    """What was withdrawn before anything was sent is no part of the chain; the log tells of it inside the node."""
    return has_arrived(answer) or answer.attempts > 0 or answer.state not in (Outgoing.WITHDRAWN, Outgoing.EXPIRED)


def _in_order(answers: Sequence[Any]) -> list[Any]:
    """In the order of the holder's log, which both nodes know from the envelopes."""
    return sorted(answers, key=lambda answer: _place(answer.jws))[-MOST_ANSWERS:]


def _place(jws: str) -> tuple[str, int]:
    claims = split(jws)[1]
    return str(claims["checkpoint"]).partition("\n")[0], int(claims["index"])


def _answer(row: Any) -> ChainAnswer:
    return ChainAnswer(envelope=row.jws, r1=row.r1, r2=row.r2)


def _event(act: Act, envelope_id: UUID, key: str) -> NamedEvent:
    return NamedEvent(act=act, envelope_id=envelope_id, key=key)


def _origin(answers: Sequence[Any]) -> str | None:
    """The agency that the record names as its origin: the recipient has read it there."""
    for answer in answers:
        if answer.kind == "package" and has_arrived(answer):
            origin = json.loads(answer.event)["context"].get("originating_organisation")
            return None if origin is None else str(origin)
    return None
