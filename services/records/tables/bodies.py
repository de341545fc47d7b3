"""Sealed chunks: of documents at rest, and of packages on their way out or in. Nothing in clear but how many there are and how long.

Whoever takes the database without the key files learns of how many documents each (random) student id has, and of what size class.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from services.records.tables.registry import Base
from shared.columns import Milliseconds


class BodyRow(Base):
    """Chunks that belong together: their keys are elsewhere, sealed, and end before they do."""

    __tablename__ = "body"
    __table_args__ = (UniqueConstraint("kind", "peer", "envelope_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(12))
    """`loaded`: a document that an agency here has sent; `outgoing`, `incoming`: beside an envelope."""
    peer: Mapped[str | None] = mapped_column(String(200))
    envelope_id: Mapped[UUID | None]
    chunks: Mapped[int]
    """How many there are once it is whole; 0 while that is not known."""
    jws: Mapped[str | None] = mapped_column(Text)
    """Of an incoming one: the envelope that announced it, verified; it names the root of the chunks."""
    expires_at: Mapped[datetime | None] = mapped_column(Milliseconds)
    """When an incoming one is of no use any more, if its envelope has not come."""
    touched_at: Mapped[datetime] = mapped_column(Milliseconds, index=True)
    """When something was stored in it last: one that nobody goes on with, and that nothing names, is removed."""


class BodyChunkRow(Base):
    """One sealed chunk."""

    __tablename__ = "body_chunk"

    body_id: Mapped[UUID] = mapped_column(ForeignKey("body.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    leaf: Mapped[bytes] = mapped_column(LargeBinary(32))
    """Its leaf hash in the tree of the body."""
    sealed: Mapped[bytes] = mapped_column(LargeBinary)


class AttachmentRow(Base):
    """A document of a student's record."""

    __tablename__ = "attachment"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    student_id: Mapped[UUID] = mapped_column(ForeignKey("student.id", ondelete="CASCADE"), index=True)
    body_id: Mapped[UUID] = mapped_column(ForeignKey("body.id"), index=True)
    source: Mapped[str] = mapped_column(String(64))
    """As `SectionRow.source`."""
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    """What it is, with the key of its chunks, sealed by the student's data key."""
    loaded_at: Mapped[datetime] = mapped_column(Milliseconds)
