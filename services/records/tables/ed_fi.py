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
