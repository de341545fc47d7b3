"""What is owed by when, and who proved or waived it: duties, waivers of obligations, destruction."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from services.privacy.tables.foundation import Base
from shared.columns import Milliseconds


class DutyRow(Base):
    """A clock that the law, or an agreement, has started for one organisation. It ends by being done or waived, and does not
    vanish."""

    __tablename__ = "duty"
    __table_args__ = (Index("ix_duty_kind_ranked_at", "kind", "ranked_at", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(200), unique=True)
    """Which duty it is: what starts the same clock twice starts it once. A keyed digest where its words would tell of a child."""
    kind: Mapped[str] = mapped_column(String(64))
    """As it may be known (DutyRule.kept_as); the kind itself is in `sealed_details`."""
    custodian_id: Mapped[UUID] = mapped_column(index=True)
    """Whose duty it is."""
    about: Mapped[str | None] = mapped_column(String(128), index=True)
    """What it is about, where that may be known."""
    sealed_details: Mapped[bytes] = mapped_column(LargeBinary)
    """Kind, student, what it is about, and how many people were counted for it."""
    begins_at: Mapped[datetime] = mapped_column(Milliseconds, index=True)
    due_from: Mapped[datetime | None] = mapped_column(Milliseconds)
    overdue_at: Mapped[datetime | None] = mapped_column(Milliseconds)
    """None, as `due_from`: its law names no number of hours or days."""
    ranked_at: Mapped[datetime] = mapped_column(Milliseconds, index=True)
    """Where it stands in a list: when it is too late, and of a law that names no number when it began, in front of what has time."""
    opened_by: Mapped[str | None] = mapped_column(String(200))
    """The client that opened it; none where the node did."""
    sealed_start: Mapped[bytes | None] = mapped_column(LargeBinary)
    """What shows that it started."""
    done_at: Mapped[datetime | None] = mapped_column(Milliseconds)
    done_by: Mapped[str | None] = mapped_column(String(200))
    waived_at: Mapped[datetime | None] = mapped_column(Milliseconds)
    waived_by: Mapped[str | None] = mapped_column(String(200))
    waived_because: Mapped[str | None] = mapped_column(String(64))
    sealed_evidence: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Of what shows that it was done, or that it does not bind."""


class DutyExchangeRow(Base):
    """An exchange that serves a duty. Of the exchange the store has a keyed digest."""

    __tablename__ = "duty_exchange"

    exchange_key: Mapped[str] = mapped_column(String(43), primary_key=True)
    duty_key: Mapped[str] = mapped_column(String(200), ForeignKey("duty.key"), primary_key=True)


class NamingKeyRow(Base):
    """The key that names duties and exchanges in this store, sealed. One row, written once: names never change."""

    __tablename__ = "naming_key"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)


class ObligationWaiverRow(Base):
    """One official's word that an obligation need not be met; two make it so. Append-only."""

    __tablename__ = "obligation_waiver"

    obligation_id: Mapped[UUID] = mapped_column(ForeignKey("obligation.id"), primary_key=True)
    official: Mapped[str] = mapped_column(String(64), primary_key=True)
    """INVARIANT: the same official waives an obligation once, whatever the service does."""
    at: Mapped[datetime] = mapped_column(Milliseconds)
    client_id: Mapped[str] = mapped_column(String(200))
    organisation_id: Mapped[UUID]
    sealed: Mapped[bytes] = mapped_column(LargeBinary)


class DestructionAttestationRow(Base):
    """A party's signed word that what it held under an agreement is destroyed. Append-only."""

    __tablename__ = "destruction_attestation"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    agreement_id: Mapped[UUID] = mapped_column(ForeignKey("agreement.id"), index=True)
    organisation_id: Mapped[UUID]
    client_id: Mapped[str] = mapped_column(String(200))
    recorded_at: Mapped[datetime] = mapped_column(Milliseconds)
    digest: Mapped[str] = mapped_column(String(43), unique=True)
    """Of the token."""
    token: Mapped[str] = mapped_column(Text)
    x: Mapped[str] = mapped_column(String(43))
    """The public key that it was verified with: the client's registered one at that instant."""


class DestructionRow(Base):
    """That nothing forbade the destruction of a student's records when it was asked. Append-only."""

    __tablename__ = "destruction"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    student_id: Mapped[UUID] = mapped_column(ForeignKey("subject.student_id"), index=True)
    custodian_id: Mapped[UUID] = mapped_column(index=True)
    cleared_at: Mapped[datetime] = mapped_column(Milliseconds)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
