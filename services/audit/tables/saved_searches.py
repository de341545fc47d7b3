"""Searches that organisations keep. Whom they look for is sealed: a student's id in one is readable with the key-encryption key alone."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from services.audit.tables.log import Base
from shared.columns import Milliseconds


class SavedSearchRow(Base):
    """A search of one organisation."""

    __tablename__ = "saved_search"

    organisation_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    """Of the organisation's own choice: another one may have chosen it too, and neither can tell."""
    saved_at: Mapped[datetime] = mapped_column(Milliseconds)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    """NewSavedSearch as JSON, sealed by services.audit.saved_searches."""
