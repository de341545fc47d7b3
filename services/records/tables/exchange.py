"""Requests, envelopes and receipts as stored at either end. Nothing personal in clear: selectors are sealed, contents are ciphertext.

Whoever takes the database without the key files learns which nodes exchanged how many messages, when and for which organisations.
"""

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from services.records.tables.registry import Base
from shared.columns import CanonicalText, Milliseconds
from shared.peer_statements import NodeStatementColumns
from shared.trust import TrustListColumns

_COLLECTED: Final = "collected_at IS NOT NULL"


class TrustListRow(TrustListColumns, Base):
    """Every trust list that was accepted."""


class NodeStatementRow(NodeStatementColumns, Base):
    """The statement of the highest serial seen of each peer."""


class ExchangeRequestRow(Base):
    """A request of ours (states.Asked). Its id is the id of the whole exchange."""

    __tablename__ = "exchange_request"
    __table_args__ = (
        Index("ix_exchange_request_state", "state", "id"),
        Index("ix_exchange_request_state_expires_at", "state", "expires_at", "id"),
        Index("ix_exchange_request_collected", "id", sqlite_where=text(_COLLECTED), postgresql_where=text(_COLLECTED)),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    client_id: Mapped[str] = mapped_column(String(200))
    caller_organisation_id: Mapped[UUID]
    receiving_organisation_id: Mapped[UUID] = mapped_column(index=True)
    holder: Mapped[str] = mapped_column(String(200))
    state: Mapped[str] = mapped_column(String(16))
    requested_at: Mapped[datetime] = mapped_column(Milliseconds)
    expires_at: Mapped[datetime] = mapped_column(Milliseconds)
    token: Mapped[str] = mapped_column(Text)
    """The signed request, as it is sent."""
    request_digest: Mapped[str] = mapped_column(String(43))
    subject_commit: Mapped[str] = mapped_column(String(43))
    particulars: Mapped[bytes] = mapped_column(LargeBinary)
    """The selector with its salt, sealed at rest: it opens subject_commit."""
    event: Mapped[str] = mapped_column(CanonicalText)
    """What the log is told before the request leaves."""
    accepted: Mapped[str | None] = mapped_column(Text)
    """The holder's receipt for the request."""
    attempts: Mapped[int]
    next_attempt_at: Mapped[datetime | None] = mapped_column(Milliseconds, index=True)
    """When there is something to do next; null when there is not."""
    problem_code: Mapped[str | None] = mapped_column(String(64))
    student_id: Mapped[UUID | None] = mapped_column(index=True)
    withdrawn_answers: Mapped[str | None] = mapped_column(Text)
    """Ids of answers of which the holder has told that they ended, with spaces between: they are refused if they still come.

    Here and not in a table of their own, so that whoever stores an answer sees them in the row that it locks."""
    requeued_as: Mapped[UUID | None]
    """The request that an operator had made in its place."""
    finding_id: Mapped[UUID | None] = mapped_column(index=True)
    """Of one that names nobody and asks whether the holder may have the child (finding): those of one finding share it."""
    comparisons: Mapped[int] = mapped_column(default=0)
    """How often the holder has had points blinded for it."""
    is_educators: Mapped[bool] = mapped_column(default=False)
    """It asks for an educator's credentials, not for a child's record."""
    answer_kid: Mapped[str | None] = mapped_column(String(43))
    """Of the receiving organisation's key, to which answers are sealed; null of one made before there were such keys."""
    collected_at: Mapped[datetime | None] = mapped_column(Milliseconds)
    """When the receiving organisation's own system first had what came; from then on the node's copy need not stay (collecting)."""


class OrganisationKeyRow(Base):
    """An encryption key of an organisation that asks, of one week (exchange.organisation_keys)."""

    __tablename__ = "organisation_key"

    organisation_id: Mapped[UUID] = mapped_column(primary_key=True)
    sealed_to: Mapped[str] = mapped_column(String(43), primary_key=True)
    """The node's key of that week and suite."""
    epoch: Mapped[int] = mapped_column(Integer, index=True)
    suite: Mapped[str] = mapped_column(String(64))
    kid: Mapped[str] = mapped_column(String(43), unique=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    """The seed, sealed to the node's key of the week and then by the key-encryption key."""
    made_at: Mapped[datetime] = mapped_column(Milliseconds)


class PeerRequestRow(Base):
    """A request of a peer (states.Request)."""

    __tablename__ = "peer_request"
    __table_args__ = (
        UniqueConstraint("requester", "exchange_id"),
        Index("ix_peer_request_requester_received_at", "requester", "received_at"),
        Index("ix_peer_request_state", "state", "id"),
        Index("ix_peer_request_state_expires_at", "state", "expires_at", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    requester: Mapped[str] = mapped_column(String(200))
    exchange_id: Mapped[UUID] = mapped_column(index=True)
    state: Mapped[str] = mapped_column(String(16))
    token: Mapped[str] = mapped_column(Text)
    request_digest: Mapped[str] = mapped_column(String(43))
    accepted: Mapped[str] = mapped_column(Text)
    """What was answered; a duplicate gets the same bytes."""
    recipient_organisation: Mapped[str] = mapped_column(String(64))
    subject_commit: Mapped[str] = mapped_column(String(43))
    particulars: Mapped[bytes] = mapped_column(LargeBinary)
    entry_index: Mapped[int] = mapped_column(BigInteger)
    received_at: Mapped[datetime] = mapped_column(Milliseconds)
    expires_at: Mapped[datetime] = mapped_column(Milliseconds)
    attempts: Mapped[int]
    next_attempt_at: Mapped[datetime | None] = mapped_column(Milliseconds, index=True)
    student_id: Mapped[UUID | None] = mapped_column(index=True)
    held_back_at: Mapped[datetime | None] = mapped_column(Milliseconds)
    """Since when, by an operator's recall, no record is provided."""
    is_finding: Mapped[bool] = mapped_column(default=False)
    """It names nobody, and asks whether the child may be here."""
    is_educators: Mapped[bool] = mapped_column(default=False)
    """It asks for an educator's credentials."""


class OutgoingEnvelopeRow(Base):
    """An answer of ours (states.Outgoing)."""

    __tablename__ = "outgoing_envelope"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    request_id: Mapped[UUID] = mapped_column(ForeignKey("peer_request.id"), index=True)
    recipient_node: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(16))
    claims: Mapped[str] = mapped_column(CanonicalText)
    """The envelope's claims without the proof, which comes with the log's answer."""
    event: Mapped[str] = mapped_column(CanonicalText)
    ciphertext: Mapped[bytes | None] = mapped_column(LargeBinary)
    ct_digest: Mapped[str] = mapped_column(String(43))
    student_id: Mapped[UUID | None] = mapped_column(index=True)
    custodian_id: Mapped[UUID | None]
    decision_id: Mapped[UUID | None]
    expires_at: Mapped[datetime] = mapped_column(Milliseconds)
    leaves_at: Mapped[datetime] = mapped_column(Milliseconds)
    """The tick at which it may leave first."""
    queued_at: Mapped[datetime | None] = mapped_column(Milliseconds)
    entry_index: Mapped[int | None] = mapped_column(BigInteger)
    jws: Mapped[str | None] = mapped_column(Text)
    envelope_digest: Mapped[str | None] = mapped_column(String(43))
    attempts: Mapped[int]
    next_attempt_at: Mapped[datetime | None] = mapped_column(Milliseconds, index=True)
    problem_code: Mapped[str | None] = mapped_column(String(64))
    r1: Mapped[str | None] = mapped_column(Text)
    r2: Mapped[str | None] = mapped_column(Text)


class IncomingEnvelopeRow(Base):
    """An answer to a request of ours (states.Incoming)."""

    __tablename__ = "incoming_envelope"

    issuer: Mapped[str] = mapped_column(String(200), primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    exchange_id: Mapped[UUID] = mapped_column(ForeignKey("exchange_request.id"), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(16))
    jws: Mapped[str] = mapped_column(Text)
    envelope_digest: Mapped[str] = mapped_column(String(43))
    ciphertext: Mapped[bytes | None] = mapped_column(LargeBinary)
    event: Mapped[str] = mapped_column(CanonicalText)
    stored_at: Mapped[datetime] = mapped_column(Milliseconds)
    entry_index: Mapped[int | None] = mapped_column(BigInteger)
    r1: Mapped[str | None] = mapped_column(Text)
    r2: Mapped[str | None] = mapped_column(Text)
    attempts: Mapped[int]
    next_attempt_at: Mapped[datetime | None] = mapped_column(Milliseconds, index=True)
    match_id: Mapped[UUID | None] = mapped_column(unique=True)
    """While a person matches: the id under which the match waits."""
    student_id: Mapped[UUID | None] = mapped_column(index=True)


class QuarantineRow(Base):
    """A message that was refused, for a person to look at: its signed part, never its ciphertext."""

    __tablename__ = "quarantine"

    peer: Mapped[str] = mapped_column(String(200), primary_key=True)
    message_digest: Mapped[str] = mapped_column(String(43), primary_key=True)
    code: Mapped[str] = mapped_column(String(64))
    jws: Mapped[str | None] = mapped_column(Text)
    size: Mapped[int] = mapped_column(BigInteger)
    times: Mapped[int]
    first_at: Mapped[datetime] = mapped_column(Milliseconds)
    last_at: Mapped[datetime] = mapped_column(Milliseconds)


class PeerLogRow(Base):
    """The largest checkpoint of a log that this node has verified. For this node's own log: the largest that audit has answered."""

    __tablename__ = "peer_log"

    origin: Mapped[str] = mapped_column(String(200), primary_key=True)
    node: Mapped[str] = mapped_column(String(200))
    size: Mapped[int] = mapped_column(BigInteger)
    root: Mapped[str] = mapped_column(String(43))
    note: Mapped[str] = mapped_column(Text)
    seen_at: Mapped[datetime] = mapped_column(Milliseconds)
