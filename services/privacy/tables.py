"""What privacy stores: facts of students, the evidence of bases, decisions and what they oblige to.

The store is not trusted with contents: whoever controls it sees ids, organisations, instants and sizes, and can stop the service. What
tells of a person (dates of birth, flags, rights holders, reasons, evidence) is sealed (services.privacy.sealing).
"""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from shared.columns import CanonicalText, Milliseconds
from shared.idempotency import IdempotencyColumns
from shared.leases import LeaseColumns
from shared.outbox import OutboxColumns
from shared.tenancy import OrganisationColumns


class Base(DeclarativeBase):
    """The tables of privacy."""


class OrganisationRow(OrganisationColumns, Base):
    """An organisation as gateway projected it."""


class OutboxRow(OutboxColumns, Base):
    """A behind-entry that audit has not taken yet."""


class LeaseRow(LeaseColumns, Base):
    """Which replica sends the outbox."""


class IdempotencyRow(IdempotencyColumns, Base):
    """A client's key and what it made."""


class SubjectRow(Base):
    """A student, as far as the rules need to know."""

    __tablename__ = "subject"

    student_id: Mapped[UUID] = mapped_column(primary_key=True)
    custodian_id: Mapped[UUID] = mapped_column(index=True)
    facts_version: Mapped[int]
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    """SubjectFacts, bound to student, version and custodian."""


class ConsentRow(Base):
    """A written consent. It is withdrawn, never altered; its history is in `consent_event`."""

    __tablename__ = "consent"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    student_id: Mapped[UUID] = mapped_column(ForeignKey("subject.student_id"), index=True)
    recipient_id: Mapped[str] = mapped_column(String(200))
    granted_at: Mapped[datetime] = mapped_column(Milliseconds)
    withdrawn_at: Mapped[datetime | None] = mapped_column(Milliseconds)
    epoch: Mapped[int]
    """Grows with each change; a decision keeps the one that it saw."""
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    """The Consent as it was granted."""


class ConsentEventRow(Base):
    """What happened to a consent, and on whose word. Append-only: the store refuses changes."""

    __tablename__ = "consent_event"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    consent_id: Mapped[UUID] = mapped_column(ForeignKey("consent.id"), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    """granted | withdrawn"""
    at: Mapped[datetime] = mapped_column(Milliseconds)
    client_id: Mapped[str] = mapped_column(String(200))
    organisation_id: Mapped[UUID]
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    """Who acted, how they were authenticated, and the reason."""


class AgreementRow(Base):
    """A written agreement with a party that acts for districts."""

    __tablename__ = "agreement"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    recipient_id: Mapped[UUID] = mapped_column(index=True)
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    recorded_at: Mapped[datetime] = mapped_column(Milliseconds)
    epoch: Mapped[int]
    whole: Mapped[str] = mapped_column(CanonicalText)
    """The NewAgreement as JSON."""


class AgreementDistrictRow(Base):
    """One district's part in an agreement: each ends its own."""

    __tablename__ = "agreement_district"

    agreement_id: Mapped[UUID] = mapped_column(ForeignKey("agreement.id"), primary_key=True)
    district_id: Mapped[UUID] = mapped_column(primary_key=True, index=True)
    terminated_at: Mapped[datetime | None] = mapped_column(Milliseconds)
    termination_reason: Mapped[str | None] = mapped_column(String(64))


class DebarmentRow(Base):
    """A finding that bars a party from the records of one agency."""

    __tablename__ = "debarment"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    party: Mapped[str] = mapped_column(String(200), index=True)
    begins_at: Mapped[datetime] = mapped_column(Milliseconds)
    until: Mapped[datetime] = mapped_column(Milliseconds)
    recorded_at: Mapped[datetime] = mapped_column(Milliseconds)
    whole: Mapped[str] = mapped_column(CanonicalText)
    """The NewDebarment as JSON."""


class PolicyActivationRow(Base):
    """Which policy set decided from when on."""

    __tablename__ = "policy_activation"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    policy_hash: Mapped[str] = mapped_column(String(43))
    activated_at: Mapped[datetime] = mapped_column(Milliseconds)


class DecisionRow(Base):
    """One evaluation, with everything that is needed to run it again. Append-only: the store refuses changes."""

    __tablename__ = "decision"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    decided_at: Mapped[datetime] = mapped_column(Milliseconds)
    valid_until: Mapped[datetime] = mapped_column(Milliseconds)
    action: Mapped[str] = mapped_column(String(16))
    exchange_id: Mapped[UUID | None] = mapped_column(index=True)
    policy_hash: Mapped[str] = mapped_column(String(43))
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
    """Which duty it is: a thousand reads under one agreement owe its one destruction, not a thousand."""
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
