"""Students as stored: random ids, sealed sections, keyed tags, enrolments by organisation id. Nothing personal in clear."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from services.records.tables.registry import Base
from shared.columns import Milliseconds

OWN = "own"
"""`SectionRow.source` of what this node's own agencies loaded; for what another node sent it is the exchange's id."""

_UNREAD = "section = 'unread'"
"""Of a partial index: what of a peer's record was not read (services.records.unread_parts)."""
_BROUGHT = f"source <> '{OWN}'"
"""Of a partial index: what exchanges brought (services.records.shredding)."""


class StudentRow(Base):
    """A student of this node."""

    __tablename__ = "student"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    """UUIDv4: it tells nothing, and it leaves the node only as a pairwise pseudonym."""
    custodian_id: Mapped[UUID] = mapped_column(index=True)
    """The organisation that answers for the record here."""
    originating_agency: Mapped[str] = mapped_column(String(200))
    """The agency that made the record: an organisation's UUID here, or `<entity id>#<its id there>`."""
    wrapped_key: Mapped[bytes] = mapped_column(LargeBinary)
    version: Mapped[int]
    """Counts changes of the record; a sealed section carries the one at which it was sealed."""
    facts_version: Mapped[int]
    """The version of the facts that privacy was told; 0 while there is no birth date to tell, and nothing is disclosed."""
    created_at: Mapped[datetime] = mapped_column(Milliseconds)
    changed_at: Mapped[datetime] = mapped_column(Milliseconds)


class SectionRow(Base):
    """One sealed section (or the statements of disagreement) of one student from one source."""

    __tablename__ = "section"
    __table_args__ = (
        Index("ix_section_unread", "student_id", sqlite_where=text(_UNREAD), postgresql_where=text(_UNREAD)),
        Index("ix_section_brought", "source", "student_id", sqlite_where=text(_BROUGHT), postgresql_where=text(_BROUGHT)),
    )

    student_id: Mapped[UUID] = mapped_column(ForeignKey("student.id", ondelete="CASCADE"), primary_key=True)
    section: Mapped[str] = mapped_column(String(32), primary_key=True)
    source: Mapped[str] = mapped_column(String(64), primary_key=True)
    version: Mapped[int]
    sealed: Mapped[bytes] = mapped_column(LargeBinary)


class TagRow(Base):
    """A keyed look-up tag of a student, from the identity that one source gave."""

    __tablename__ = "tag"

    tag: Mapped[bytes] = mapped_column(LargeBinary(16), primary_key=True)
    student_id: Mapped[UUID] = mapped_column(ForeignKey("student.id", ondelete="CASCADE"), primary_key=True, index=True)
    source: Mapped[str] = mapped_column(String(64), primary_key=True)


class SourceIdRow(Base):
    """The keyed tag of the id that a source system gave: one student each."""

    __tablename__ = "source_id"

    tag: Mapped[bytes] = mapped_column(LargeBinary(16), primary_key=True)
    student_id: Mapped[UUID] = mapped_column(ForeignKey("student.id", ondelete="CASCADE"), index=True)
    content_tag: Mapped[bytes] = mapped_column(LargeBinary(16))
    """A keyed tag of what was loaded last: the same again changes nothing."""
    read_tag: Mapped[bytes | None] = mapped_column(LargeBinary(16))
    """A keyed tag of what reading it rested on: the very same again need not be read. None: whatever comes is read."""
    read_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    """What was told meanwhile, and until which day it holds, sealed with the student's data key (roster_as_before)."""


class EnrollmentRow(Base):
    """A student is, or was, enrolled at an organisation of this node: who sees the student follows from it."""

    __tablename__ = "enrollment"
    __table_args__ = (Index("ix_enrollment_organisation_student", "organisation_id", "student_id"),)

    student_id: Mapped[UUID] = mapped_column(ForeignKey("student.id", ondelete="CASCADE"), primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(primary_key=True)
    entry_date: Mapped[date] = mapped_column(primary_key=True)
    exit_date: Mapped[date | None]
    """The last day of membership."""


class PseudonymRow(Base):
    """How one recipient knows one student: stored, random, pairwise; nothing can be computed from it or to it."""

    __tablename__ = "pseudonym"

    recipient_id: Mapped[UUID] = mapped_column(primary_key=True)
    student_id: Mapped[UUID] = mapped_column(ForeignKey("student.id", ondelete="CASCADE"), primary_key=True, index=True)
    pseudonym: Mapped[UUID] = mapped_column(unique=True)


class LoadRow(Base):
    """A load that was done, and its report, which holds counts, reasons and positions and no personal value."""

    __tablename__ = "load"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(index=True)
    client_id: Mapped[str] = mapped_column(String(200))
    format: Mapped[str] = mapped_column(String(32))
    loaded_at: Mapped[datetime] = mapped_column(Milliseconds)
    """When it was done; while it is not, when it began. The report says when it began."""
    report: Mapped[str] = mapped_column(Text)
