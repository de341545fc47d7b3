"""What is kept of rosters, those that were loaded and those that were given, so that a delta can follow: sealed.

Whoever takes the database without the key files learns how many students came from each source, not which source it is, and who was given
packages under which agreement when.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from services.records.tables.registry import Base
from shared.columns import Milliseconds


class KeptRosterRow(Base):
    """A source system of an organisation: its organisations, sessions, courses and classes. It tells of no student."""

    __tablename__ = "kept_roster"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    source: Mapped[bytes] = mapped_column(LargeBinary(16), unique=True)
    """`LookupTags.source`."""
    version: Mapped[int]
    sealed: Mapped[bytes] = mapped_column(LargeBinary)


class KeptStudentRow(Base):
    """The rows of one student of a source, sealed with the student's own data key: they go when the student's record does."""

    __tablename__ = "kept_student"

    tag: Mapped[bytes] = mapped_column(LargeBinary(16), primary_key=True)
    """`LookupTags.source_id`."""
    student_id: Mapped[UUID] = mapped_column(ForeignKey("student.id", ondelete="CASCADE"), index=True)
    source: Mapped[bytes] = mapped_column(LargeBinary(16), index=True)
    version: Mapped[int]
    content_tag: Mapped[bytes | None] = mapped_column(LargeBinary(16))
    """`LookupTags.kept` of what is sealed: the same again need not be opened. None: kept before there were tags."""
    sealed: Mapped[bytes] = mapped_column(LargeBinary)


class GivenPackageRow(Base):
    """A package that a recipient was given: the recipient's ids of its rows, and a keyed tag of each."""

    __tablename__ = "given_package"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    recipient_id: Mapped[UUID] = mapped_column(index=True)
    agreement_id: Mapped[UUID]
    made_at: Mapped[datetime] = mapped_column(Milliseconds)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
