"""Matches that wait for a person."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from services.records.tables.registry import Base
from shared.columns import Milliseconds


class MatchReviewRow(Base):
    """One request whose child could not be told for certain."""

    __tablename__ = "match_review"
    __table_args__ = (
        Index("ix_match_review_expires_at", "expires_at", "id"),
        Index("ix_match_review_waiting", "id", sqlite_where=text("outcome IS NULL"), postgresql_where=text("outcome IS NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    request_id: Mapped[UUID] = mapped_column(unique=True)
    """The exchange request that waits; the review's own id where it is about two records (MergeProposalRow)."""
    reasons: Mapped[str] = mapped_column(String(500))
    """Codes of matching.py, separated by commas."""
    opened_at: Mapped[datetime] = mapped_column(Milliseconds)
    expires_at: Mapped[datetime] = mapped_column(Milliseconds)
    outcome: Mapped[str | None] = mapped_column(String(16))
    """student | none, once a person has said."""
    student_id: Mapped[UUID | None] = mapped_column(index=True)
    resolved_by: Mapped[str | None] = mapped_column(String(200))
    """The client."""
    resolved_at: Mapped[datetime | None] = mapped_column(Milliseconds)


class MatchCandidateRow(Base):
    """A student who may be the child."""

    __tablename__ = "match_candidate"

    match_id: Mapped[UUID] = mapped_column(ForeignKey("match_review.id", ondelete="CASCADE"), primary_key=True)
    student_id: Mapped[UUID] = mapped_column(ForeignKey("student.id", ondelete="CASCADE"), primary_key=True, index=True)
