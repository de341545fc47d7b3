"""Records of one node that are of one child: united by reference, so that parting them again loses nothing."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from services.records.tables.registry import Base
from shared.columns import Milliseconds


class UnionRow(Base):
    """Two records are of one child, from `united_at` until `separated_at`. The records stay as they are, each with its keeper."""

    __tablename__ = "record_union"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    leading_id: Mapped[UUID] = mapped_column(ForeignKey("student.id", ondelete="CASCADE"), index=True)
    """The record by which the child goes on."""
    other_id: Mapped[UUID] = mapped_column(ForeignKey("student.id", ondelete="CASCADE"), index=True)
    united_at: Mapped[datetime] = mapped_column(Milliseconds)
    united_by: Mapped[str] = mapped_column(String(200))
    """The client, or `job:match`."""
    separated_at: Mapped[datetime | None] = mapped_column(Milliseconds)
    separated_by: Mapped[str | None] = mapped_column(String(200))


class MergeProposalRow(Base):
    """A review of `match_review` is about two records of this node, and not about a request."""

    __tablename__ = "merge_proposal"
    __table_args__ = (UniqueConstraint("one_id", "other_id"),)

    match_id: Mapped[UUID] = mapped_column(ForeignKey("match_review.id", ondelete="CASCADE"), primary_key=True)
    one_id: Mapped[UUID] = mapped_column(ForeignKey("student.id", ondelete="CASCADE"))
    """The lesser of both ids: a pair is proposed once."""
    other_id: Mapped[UUID] = mapped_column(ForeignKey("student.id", ondelete="CASCADE"), index=True)
