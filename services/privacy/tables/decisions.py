"""Decisions with everything that is needed to run them again, and what they oblige to."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column

from services.privacy.tables.foundation import Base
from shared.columns import Milliseconds


class DecisionRow(Base):
    """One evaluation, with everything that is needed to run it again. Append-only: the store refuses changes."""

    __tablename__ = "decision"
    __table_args__ = (
        Index(
            "ix_decision_agreement_id",
            "agreement_id",
            "id",
            sqlite_where=text("agreement_id IS NOT NULL"),
            postgresql_where=text("agreement_id IS NOT NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    decided_at: Mapped[datetime] = mapped_column(Milliseconds)
    valid_until: Mapped[datetime] = mapped_column(Milliseconds)
    action: Mapped[str] = mapped_column(String(16))
    exchange_id: Mapped[UUID | None] = mapped_column(index=True)
    policy_hash: Mapped[str] = mapped_column(String(43))
    agreement_id: Mapped[UUID | None]
    """Under which it was asked: what of the agreement's schedule is used is counted from its decisions."""
    secret: Mapped[bool] = mapped_column(default=False)
    """A court keeps it from all but a few (34 CFR 99.31(a)(9)(ii)(A)-(C))."""
    sealed_record: Mapped[bytes] = mapped_column(LargeBinary)
    """What was asked, by whom, on which epochs of the evidence, and the token (services.privacy.recorded)."""
    sealed_input: Mapped[bytes] = mapped_column(LargeBinary)
    """The canonical bytes that the policies were given."""
    sealed_outcome: Mapped[bytes] = mapped_column(LargeBinary)
    """The canonical bytes that they answered."""


class DecisionCustodianRow(Base):
    """The organisations that kept the students' records when it was decided: they read the decision in full."""

    __tablename__ = "decision_custodian"

    decision_id: Mapped[UUID] = mapped_column(ForeignKey("decision.id"), primary_key=True)
    custodian_id: Mapped[UUID] = mapped_column(primary_key=True, index=True)


class DecisionFallRow(Base):
    """A decision that no longer stood when it was asked about. It stays fallen. Append-only."""

    __tablename__ = "decision_fall"

    decision_id: Mapped[UUID] = mapped_column(ForeignKey("decision.id"), primary_key=True)
    fallen_at: Mapped[datetime] = mapped_column(Milliseconds)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    """Reason and citation."""


class ObligationRow(Base):
    """What a decision obliges to, for one custodian. It never vanishes: open until it is discharged with evidence."""

    __tablename__ = "obligation"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    duty: Mapped[str] = mapped_column(String(400), unique=True)
    """Which duty it is: a thousand reads under one agreement owe its one destruction, not a thousand. Of one that was met, with its id."""
    decision_id: Mapped[UUID] = mapped_column(ForeignKey("decision.id"), index=True)
    """The first decision that obliged to it."""
    custodian_id: Mapped[UUID] = mapped_column(index=True)
    agreement_id: Mapped[UUID | None] = mapped_column(index=True)
    kind: Mapped[str] = mapped_column(String(64))
    argument: Mapped[str | None] = mapped_column(String(200))
    citation: Mapped[str | None] = mapped_column(String(200))
    due_at: Mapped[datetime | None] = mapped_column(Milliseconds, index=True)
    discharged_at: Mapped[datetime | None] = mapped_column(Milliseconds)
    discharged_by: Mapped[str | None] = mapped_column(String(200))
    """The client that said so."""
    sealed_evidence: Mapped[bytes | None] = mapped_column(LargeBinary)
    waivers: Mapped[int] = mapped_column(default=0)
    """How many officials have waived it (`obligation_waiver`)."""
    waived_at: Mapped[datetime | None] = mapped_column(Milliseconds)
    """Since two have."""
    attestation_id: Mapped[UUID | None] = mapped_column(index=True)
    """The party's signed attestation that discharged it."""
