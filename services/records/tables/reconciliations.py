"""Days that are compared with other nodes, and what came of it. Ids of messages, nothing personal."""

from datetime import datetime

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from services.records.tables.registry import Base
from shared.columns import CanonicalText, Milliseconds


class ReconciliationRow(Base):
    """A day with a peer (states.Reconciling). There is one, so that it is not done twice."""

    __tablename__ = "reconciliation"

    day: Mapped[str] = mapped_column(String(10), primary_key=True)
    peer: Mapped[str] = mapped_column(String(200), primary_key=True)
    state: Mapped[str] = mapped_column(String(16))
    attempts: Mapped[int]
    next_attempt_at: Mapped[datetime | None] = mapped_column(Milliseconds, index=True)
    compared_at: Mapped[datetime | None] = mapped_column(Milliseconds)
    problem_code: Mapped[str | None] = mapped_column(String(64))
    ours: Mapped[str | None] = mapped_column(Text)
    """Our signed counts, as they were sent."""
    theirs: Mapped[str | None] = mapped_column(Text)
    """The peer's."""
    findings: Mapped[str | None] = mapped_column(CanonicalText)
