"""Counts of a blast radius that are under way, and those of the last hour. They say how many, and name no student."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from services.audit.tables.log import Base
from shared.columns import Milliseconds

OWNER_BYTES = 32


class RadiusCountRow(Base):
    """One count that somebody asked for."""

    __tablename__ = "radius_count"

    owner: Mapped[bytes] = mapped_column(LargeBinary(OWNER_BYTES), primary_key=True)
    """Keyed digest of organisation, client and person."""
    id: Mapped[UUID] = mapped_column(primary_key=True)
    """Of the owner's own choice: another one may have chosen it too, and neither can tell."""
    asked: Mapped[bytes] = mapped_column(LargeBinary(OWNER_BYTES))
    """Keyed digest of the question."""
    begun_at: Mapped[datetime] = mapped_column(Milliseconds)
    renewed_at: Mapped[datetime] = mapped_column(Milliseconds)
    """When the process that counts said last that it does."""
    looked_at: Mapped[int]
    of: Mapped[int]
    """Entries."""
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    """BlastRadius as JSON, sealed by services.audit.radius_counts; None until it is counted."""
