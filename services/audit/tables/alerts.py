"""What audit stores of alerts. Nobody is named: who acted is the index's keyed tag, what officials note is sealed."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Index, Integer, LargeBinary, SmallInteger, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from services.audit.tables.log import Base
from shared.columns import Milliseconds


class AlertRow(Base):
    """Something unusual: of one rule, one subject, one day. What was found first is in the log and does not change."""

    __tablename__ = "alert"
    __table_args__ = (
        UniqueConstraint("id", name="alert_id"),
        Index("ix_alert_entry", "entry_idx", "entry_log"),
        Index("ix_alert_day", "day", "rule"),
    )

    rule: Mapped[str] = mapped_column(String(32), primary_key=True)
    subject: Mapped[bytes] = mapped_column(LargeBinary(17), primary_key=True)
    """The index's term of the actor; a 0 byte and 16 of a digest for the node or a witness."""
    day: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    """Days since the Unix epoch (UTC)."""
    id: Mapped[UUID]
    """UUIDv7 of the instant at which it was found."""
    found_at: Mapped[datetime] = mapped_column(Milliseconds)
    log: Mapped[int | None] = mapped_column(SmallInteger)
    """Where `first` and `last` are; None for the node."""
    first: Mapped[int | None] = mapped_column(BigInteger)
    last: Mapped[int | None] = mapped_column(BigInteger)
    count: Mapped[int] = mapped_column(BigInteger)
    usual: Mapped[int] = mapped_column(BigInteger)
    seen_count: Mapped[int] = mapped_column(BigInteger)
    """What it has come to since."""
    about: Mapped[str | None] = mapped_column(String(300))
    """Of a witness finding: the log or the witness."""
    acknowledged_count: Mapped[int | None] = mapped_column(BigInteger)
    """What it had come to when it was acknowledged; None while it is open."""
    acknowledged_as: Mapped[str | None] = mapped_column(String(16))
    """The reason of the last acknowledgement, also after it was reopened."""
    reopened: Mapped[int]
    reopened_entered: Mapped[int]
    """Up to which reopening the log has it."""
    entry_log: Mapped[int | None] = mapped_column(SmallInteger)
    entry_idx: Mapped[int | None] = mapped_column(BigInteger)
    """Its own entry. An alert without one is not shown yet."""


class AlertCursorRow(Base):
    """How far the rules have looked at a log. Every step compares and sets it."""

    __tablename__ = "alert_cursor"

    log: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    at: Mapped[int] = mapped_column(BigInteger)
    """Entries that were looked at: those before this one."""
    day: Mapped[int]
    """The day of the last of them."""


class AlertAcknowledgementRow(Base):
    """That an official has looked at an alert. Append-only."""

    __tablename__ = "alert_acknowledgement"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    alert_id: Mapped[UUID] = mapped_column(index=True)
    at: Mapped[datetime] = mapped_column(Milliseconds)
    official: Mapped[str] = mapped_column(String(64))
    role: Mapped[str] = mapped_column(String(64))
    reason: Mapped[str] = mapped_column(String(16))
    sealed_note: Mapped[bytes | None] = mapped_column(LargeBinary)
    count: Mapped[int] = mapped_column(BigInteger)


class AlertReviewRow(Base):
    """The review of a week. Append-only; a week has one."""

    __tablename__ = "alert_review"

    monday: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    """The week's first day, in days since the Unix epoch (UTC)."""
    id: Mapped[UUID] = mapped_column(unique=True)
    signed_at: Mapped[datetime] = mapped_column(Milliseconds)
    official: Mapped[str] = mapped_column(String(64))
    role: Mapped[str] = mapped_column(String(64))
    alerts: Mapped[int]
    digest: Mapped[str] = mapped_column(String(43))
    entry_log: Mapped[int] = mapped_column(SmallInteger)
    entry_idx: Mapped[int] = mapped_column(BigInteger)
