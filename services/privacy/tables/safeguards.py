"""The lists that an agency keeps of records and of those who have access to them."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from services.privacy.tables.foundation import Base
from shared.columns import Milliseconds


class SafeguardRow(Base):
    """A line of one of an agency's lists. It ends, and stays."""

    __tablename__ = "safeguard"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    """record-location | access-listing"""
    organisation_id: Mapped[UUID] = mapped_column(index=True)
    since: Mapped[date]
    ended_on: Mapped[date | None]
    recorded_at: Mapped[datetime] = mapped_column(Milliseconds)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    """What was recorded: names of employees, places."""
