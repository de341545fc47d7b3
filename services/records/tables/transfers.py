"""Transfers beside the record: notices between the nodes, claims that ended, holds. What a notice says is sealed.

Whoever takes the database without the key files learns which exchanges were held, and that notices went about them.
"""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from services.records.tables.registry import Base
from shared.columns import CanonicalText, Milliseconds


class OutgoingNoticeRow(Base):
    """A notice of ours (states.Notice)."""

    __tablename__ = "outgoing_notice"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    exchange_id: Mapped[UUID] = mapped_column(index=True)
    peer: Mapped[str] = mapped_column(String(200))
    organisation_id: Mapped[UUID] = mapped_column(index=True)
    """Of this node: it and those above it see the notice."""
    student_id: Mapped[UUID | None] = mapped_column(index=True)
    state: Mapped[str] = mapped_column(String(16))
    particulars: Mapped[bytes] = mapped_column(LargeBinary)
    """The NoticeContent, sealed at rest."""
    event: Mapped[str] = mapped_column(CanonicalText)
    """What the log is told before it leaves; with the digest of the ciphertext once that is made."""
    claims: Mapped[str | None] = mapped_column(CanonicalText)
    """The notice sealed to the peer, without the proof, which comes with the log's answer."""
    token: Mapped[str | None] = mapped_column(Text)
    """The signed notice, as it is sent."""
    taken: Mapped[str | None] = mapped_column(Text)
    """The peer's receipt."""
    made_at: Mapped[datetime] = mapped_column(Milliseconds)
    expires_at: Mapped[datetime] = mapped_column(Milliseconds)
    attempts: Mapped[int]
    next_attempt_at: Mapped[datetime | None] = mapped_column(Milliseconds, index=True)
    problem_code: Mapped[str | None] = mapped_column(String(64))


class ArrivedNoticeRow(Base):
    """A notice of another node."""

    __tablename__ = "arrived_notice"

    issuer: Mapped[str] = mapped_column(String(200), primary_key=True)
    notice_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(unique=True)
    """Of this node's own: the order in which notices came."""
    exchange_id: Mapped[UUID] = mapped_column(index=True)
    organisation_id: Mapped[UUID] = mapped_column(index=True)
    student_id: Mapped[UUID | None] = mapped_column(index=True)
    digest: Mapped[str] = mapped_column(String(43))
    token: Mapped[str] = mapped_column(Text)
    particulars: Mapped[bytes] = mapped_column(LargeBinary)
    taken: Mapped[str] = mapped_column(Text)
    """Our receipt; a duplicate gets the same bytes."""
    entry_index: Mapped[int] = mapped_column(BigInteger)
    arrived_at: Mapped[datetime] = mapped_column(Milliseconds)


class ClaimEndRow(Base):
    """A peer's claim to a child does not stand any more: taken back by the peer, or refused by a person here."""

    __tablename__ = "claim_end"

    request_id: Mapped[UUID] = mapped_column(ForeignKey("peer_request.id"), primary_key=True)
    ended_by: Mapped[str] = mapped_column(String(16))
    """peer | person"""
    ended_at: Mapped[datetime] = mapped_column(Milliseconds)


class EndedEnrollmentRow(Base):
    """An enrolment here that a peer's notice has ended: it is restored if the child never came there."""

    __tablename__ = "ended_enrollment"

    request_id: Mapped[UUID] = mapped_column(ForeignKey("peer_request.id"), primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(primary_key=True)
    entry_date: Mapped[date] = mapped_column(primary_key=True)
    student_id: Mapped[UUID] = mapped_column(ForeignKey("student.id", ondelete="CASCADE"), index=True)
    ended_on: Mapped[date]
    was_until: Mapped[date | None]
    """The end that was on record before, and to come."""


class TransferHoldRow(Base):
    """A peer's request that waits for a person because both sides' evidence does not agree."""

    __tablename__ = "transfer_hold"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    request_id: Mapped[UUID] = mapped_column(ForeignKey("peer_request.id"), index=True)
    student_id: Mapped[UUID] = mapped_column(ForeignKey("student.id", ondelete="CASCADE"), index=True)
    custodian_id: Mapped[UUID] = mapped_column(index=True)
    particulars: Mapped[bytes] = mapped_column(LargeBinary)
    """Codes of safepassage.wire_transfers.HoldCode, sealed at rest: they tell what became of a child."""
    opened_at: Mapped[datetime] = mapped_column(Milliseconds)
    expires_at: Mapped[datetime] = mapped_column(Milliseconds)
    outcome: Mapped[str | None] = mapped_column(String(16))
    """released | refused, once a person has said; lifted"""
    reason: Mapped[str | None] = mapped_column(String(64))
    resolved_by: Mapped[str | None] = mapped_column(String(200))
    resolved_at: Mapped[datetime | None] = mapped_column(Milliseconds)
