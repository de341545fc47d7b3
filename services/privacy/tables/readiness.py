"""The readiness scorecard: the newest measures of each service, attestations with their history, and scorecards that were kept.

Nothing here tells of a student: measures are counts, an attestation names an official by a pairwise id and a document by its digest.
"""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, SmallInteger, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from services.privacy.tables.foundation import Base
from shared.columns import CanonicalText, Milliseconds


class ReadinessEvidenceRow(Base):
    """The newest measures of one service."""

    __tablename__ = "readiness_evidence"

    service: Mapped[str] = mapped_column(String(16), primary_key=True)
    measured_at: Mapped[datetime] = mapped_column(Milliseconds)
    whole: Mapped[str] = mapped_column(CanonicalText)
    """The measures as JSON (shared.contracts.readiness)."""


class ReadinessAttestationRow(Base):
    """An official's answer to a question. Append-only; of several the highest version counts."""

    __tablename__ = "readiness_attestation"
    __table_args__ = (UniqueConstraint("question_id", "version", name="readiness_attestation_version"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    question_id: Mapped[str] = mapped_column(String(8))
    version: Mapped[int]
    level: Mapped[int] = mapped_column(SmallInteger)
    official: Mapped[str] = mapped_column(String(64))
    role: Mapped[str] = mapped_column(String(64))
    client_id: Mapped[str] = mapped_column(String(200))
    attested_at: Mapped[datetime] = mapped_column(Milliseconds)
    expires_at: Mapped[datetime] = mapped_column(Milliseconds)
    document_digest: Mapped[str | None] = mapped_column(String(43))
    document_reference: Mapped[str | None] = mapped_column(String(200))


class ReadinessWithdrawalRow(Base):
    """An attestation that was taken back, once. Append-only."""

    __tablename__ = "readiness_withdrawal"

    attestation_id: Mapped[UUID] = mapped_column(ForeignKey("readiness_attestation.id"), primary_key=True)
    withdrawn_at: Mapped[datetime] = mapped_column(Milliseconds)
    official: Mapped[str] = mapped_column(String(64))
    role: Mapped[str] = mapped_column(String(64))
    reason: Mapped[str] = mapped_column(String(64))
    client_id: Mapped[str] = mapped_column(String(200))


class ReadinessSnapshotRow(Base):
    """A scorecard that was kept. Append-only; the daily one is kept once a day (UTC)."""

    __tablename__ = "readiness_snapshot"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    taken_at: Mapped[datetime] = mapped_column(Milliseconds)
    day: Mapped[date | None] = mapped_column(unique=True)
    """Of a daily one; null for one on demand."""
    scores: Mapped[str] = mapped_column(CanonicalText)
    """Of all and of each area, as JSON."""
    whole: Mapped[str] = mapped_column(CanonicalText)
    """The Scorecard as JSON."""
