"""What did not arrive, for a person to look at; and what the other side has yet to be told of it. Ids and codes, nothing personal."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from services.records.tables.registry import Base
from shared.columns import Milliseconds


class DeadLetterRow(Base):
    """One message that ended without doing what it was for. Written in the transaction in which it ended."""

    __tablename__ = "dead_letter"
    __table_args__ = (Index("ix_dead_letter_state", "state", "since", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    """Of a request the exchange's id, of an answer the envelope's: each ends once."""
    kind: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(16))
    peer: Mapped[str] = mapped_column(String(200))
    exchange_id: Mapped[UUID | None]
    code: Mapped[str] = mapped_column(String(64))
    since: Mapped[datetime] = mapped_column(Milliseconds)
    expires_at: Mapped[datetime | None] = mapped_column(Milliseconds)
    acted_at: Mapped[datetime | None] = mapped_column(Milliseconds)
    client_id: Mapped[str | None] = mapped_column(String(200))
    official: Mapped[str | None] = mapped_column(String(64))
    role: Mapped[str | None] = mapped_column(String(64))
    reason: Mapped[str | None] = mapped_column(String(32))
    requeued_as: Mapped[UUID | None]


class EndingRow(Base):
    """What a peer is told of a message of ours that ended (states.Telling)."""

    __tablename__ = "exchange_ending"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    peer: Mapped[str] = mapped_column(String(200))
    exchange_id: Mapped[UUID]
    envelope_id: Mapped[UUID | None]
    state: Mapped[str] = mapped_column(String(16))
    token: Mapped[str] = mapped_column(Text)
    """The signed message, as it is sent."""
    lapses_at: Mapped[datetime] = mapped_column(Milliseconds)
    """From then on it is not tried any more."""
    attempts: Mapped[int]
    next_attempt_at: Mapped[datetime | None] = mapped_column(Milliseconds, index=True)
    problem_code: Mapped[str | None] = mapped_column(String(64))
