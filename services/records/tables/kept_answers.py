"""Documents that left, kept for the request that comes again.

Whoever takes the database learns of which (random) student ids a document left within a day, and how large it was.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from services.records.tables.registry import Base
from shared.columns import Milliseconds


class KeptAnswerRow(Base):
    """A document and its entry for the log, sealed with the student's own data key."""

    __tablename__ = "kept_answer"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    """The effect of the request's key (`IdempotencyRow.effect_id`)."""
    student_id: Mapped[UUID] = mapped_column(ForeignKey("student.id", ondelete="CASCADE"), index=True)
    expires_at: Mapped[datetime] = mapped_column(Milliseconds, index=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    """Empty where a part of the record was destroyed since: it is told to nobody again."""
