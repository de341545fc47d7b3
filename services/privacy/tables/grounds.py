"""Evidence of legal bases, and what was agreed later of an agreement."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from services.privacy.tables.foundation import Base
from shared.columns import CanonicalText, Milliseconds


class EvidenceRow(Base):
    """Evidence of a legal basis. It is revoked, never altered; who did what is in `evidence_event`."""

    __tablename__ = "evidence"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(32))
    agency_id: Mapped[UUID] = mapped_column(index=True)
    """The agency whose disclosures it supports: whoever is that agency or above it reads it."""
    operator_id: Mapped[str | None] = mapped_column(String(200))
    """Of an `operator-onboarding` the party that was taken on, so that a decision finds it; of no other kind."""
    secret: Mapped[bool]
    """A court or issuing agency keeps its existence from all but a few."""
    valid_from: Mapped[datetime] = mapped_column(Milliseconds)
    valid_until: Mapped[datetime] = mapped_column(Milliseconds)
    recorded_at: Mapped[datetime] = mapped_column(Milliseconds)
    revoked_at: Mapped[datetime | None] = mapped_column(Milliseconds)
    epoch: Mapped[int]
    """Grows with a revocation; a decision keeps the one that it saw."""
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    """The Kind as it was recorded: students, parties, references, a threat's text."""


class EvidenceEventRow(Base):
    """What happened to evidence, and on whose word. Append-only: the store refuses changes."""

    __tablename__ = "evidence_event"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    evidence_id: Mapped[UUID] = mapped_column(ForeignKey("evidence.id"), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    """recorded | revoked"""
    at: Mapped[datetime] = mapped_column(Milliseconds)
    client_id: Mapped[str] = mapped_column(String(200))
    organisation_id: Mapped[UUID]
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    """The reason."""


class AgreementAmendmentRow(Base):
    """What was agreed later of an agreement. Append-only: earlier states stay readable."""

    __tablename__ = "agreement_amendment"
    __table_args__ = (UniqueConstraint("agreement_id", "number", name="agreement_amendment_in_order"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    agreement_id: Mapped[UUID] = mapped_column(ForeignKey("agreement.id"))
    number: Mapped[int]
    """Counts up for each agreement. INVARIANT: of two who amend at once, one has seen what the other agreed."""
    in_force_from: Mapped[date]
    recorded_at: Mapped[datetime] = mapped_column(Milliseconds)
    whole: Mapped[str] = mapped_column(CanonicalText)
    """The AgreementAmendment as JSON."""
