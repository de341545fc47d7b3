"""How far the node is with each Ed-Fi system. Names of systems and change versions, nothing personal."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from services.records.tables.registry import Base
from shared.columns import Milliseconds


class EdFiPullRow(Base):
    """The last change version of which everything was loaded: written in the transaction that loaded the last of it."""

    __tablename__ = "ed_fi_pull"

    organisation_id: Mapped[UUID] = mapped_column(primary_key=True)
    system: Mapped[str] = mapped_column(String(64), primary_key=True)
    change_version: Mapped[int] = mapped_column(BigInteger)
    pulled_at: Mapped[datetime] = mapped_column(Milliseconds)
    keeps: Mapped[str] = mapped_column(String(16), default="record", server_default="record")
    """What of the record was kept of all that was loaded. Where something else is to be kept, everything is read again."""


class EdFiKeepingRow(Base):
    """What an organisation has said is kept of what its system has. None: the record."""

    __tablename__ = "ed_fi_keeping"

    organisation_id: Mapped[UUID] = mapped_column(primary_key=True)
    system: Mapped[str] = mapped_column(String(64), primary_key=True)
    keeps: Mapped[str] = mapped_column(String(16))
    said_at: Mapped[datetime] = mapped_column(Milliseconds)


class EdFiStandingRow(Base):
    """How the last pulls from a system, or pushes to it, ended: instants, counts and a code of ours, never what the system said."""

    __tablename__ = "ed_fi_standing"

    organisation_id: Mapped[UUID] = mapped_column(primary_key=True)
    system: Mapped[str] = mapped_column(String(64), primary_key=True)
    direction: Mapped[str] = mapped_column(String(8), primary_key=True)
    attempted_at: Mapped[datetime] = mapped_column(Milliseconds)
    ended_at: Mapped[datetime | None] = mapped_column(Milliseconds)
    """None: the last attempt is under way, or was broken off."""
    succeeded_at: Mapped[datetime | None] = mapped_column(Milliseconds)
    fault: Mapped[str | None] = mapped_column(String(64))
    """None: the last attempt that ended did what it was for."""
    faults: Mapped[int] = mapped_column(default=0)
    """Attempts in a row that did not."""
    failing_since: Mapped[datetime | None] = mapped_column(Milliseconds)
    next_at: Mapped[datetime | None] = mapped_column(Milliseconds)
    counts: Mapped[str] = mapped_column(String(1000), default="{}")
    """Of the last attempt that came to an end, as JSON."""
