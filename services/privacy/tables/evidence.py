"""Facts of students and the evidence of bases: consents, agreements, debarments."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from services.privacy.tables.foundation import Base
from shared.columns import CanonicalText, Milliseconds


class SubjectRow(Base):
    """A student, as far as the rules need to know."""

    __tablename__ = "subject"

    student_id: Mapped[UUID] = mapped_column(primary_key=True)
    custodian_id: Mapped[UUID] = mapped_column(index=True)
    facts_version: Mapped[int]
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    """SubjectFacts, bound to student, version and custodian."""
    sealed_statements: Mapped[bytes | None] = mapped_column(LargeBinary)
    """The statements of disagreement that go with parts of the record, if there are any; read with the facts, in one statement."""


class SubjectVersionRow(Base):
    """The facts of a student as they came, each version of them. It is neither altered nor removed but with the student."""

    __tablename__ = "subject_version"

    student_id: Mapped[UUID] = mapped_column(ForeignKey("subject.student_id", ondelete="CASCADE"), primary_key=True)
    facts_version: Mapped[int] = mapped_column(primary_key=True)
    custodian_id: Mapped[UUID] = mapped_column(index=True)
    """Who kept the record by this version."""
    known_from: Mapped[datetime] = mapped_column(Milliseconds)
    """When it came; it was known until the next one came."""
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    """The bytes of `subject.sealed`: a seal is bound to student, version and custodian, which are here too."""


class ConsentRow(Base):
    """A written consent. It is narrowed or withdrawn, never altered; what is in force follows from `consent_event`."""

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
    """granted | narrowed | withdrawn"""
    at: Mapped[datetime] = mapped_column(Milliseconds)
    client_id: Mapped[str] = mapped_column(String(200))
    organisation_id: Mapped[UUID]
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    """Who acted, how they were authenticated, and the reason; of a narrowing, what remains."""


class AgreementRow(Base):
    """A written agreement with a party that acts for districts."""

    __tablename__ = "agreement"
    __table_args__ = (Index("ix_agreement_recipient_name", "recipient_name", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    recipient_id: Mapped[UUID] = mapped_column(index=True)
    recipient_name: Mapped[str] = mapped_column(String(200))
    """The party's, as it is sorted (agreement_parties); it follows the organisation's."""
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    """As last agreed; what was agreed at first is in `whole`, what changed in `agreement_amendment`."""
    recorded_at: Mapped[datetime] = mapped_column(Milliseconds)
    epoch: Mapped[int]
    whole: Mapped[str] = mapped_column(CanonicalText)
    """The agreement as it was recorded (wire_evidence.AnyNewAgreement), as JSON."""


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
