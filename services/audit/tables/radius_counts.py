"""Counts of a blast radius that are under way, and those of the last hour. They say how many; which students is sealed beside them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, LargeBinary
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


class RadiusCountPartRow(Base):
    """Some students of one count, sealed: for the records service, which counts them by where they live."""

    __tablename__ = "radius_count_part"
    __table_args__ = (ForeignKeyConstraint(["owner", "id"], ["radius_count.owner", "radius_count.id"], ondelete="CASCADE"),)

    owner: Mapped[bytes] = mapped_column(LargeBinary(OWNER_BYTES), primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    part: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """From 0 on."""
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    """Ids of students, 16 bytes each, sealed by services.audit.radius_counts."""
