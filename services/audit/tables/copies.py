"""The copies of the record of further disclosures that districts are due: 34 CFR 99.32(b)(2). Ids and instants, nothing of a student."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, Index, LargeBinary, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from services.audit.tables.log import Base
from shared.columns import Milliseconds


class RedisclosureRow(Base):
    """An entry that the agency disclosed on behalf of a district. Written with the entry itself, so that none is ever missed."""

    __tablename__ = "redisclosure"
    __table_args__ = (Index("ix_redisclosure_copy", "copy_id", "organisation"),)

    log: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    idx: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    organisation: Mapped[bytes] = mapped_column(LargeBinary(16))
    """On whose behalf: the id of the originating organisation, in its 16 bytes."""
    t: Mapped[int] = mapped_column(BigInteger)
    """When it was logged, whole seconds."""
    copy_id: Mapped[UUID | None]
    """The copy that holds it, once there is one."""


class DisclosureCopyRow(Base):
    """A copy that was made for a district. What it tells is read from the log when it is asked for."""

    __tablename__ = "disclosure_copy"
    __table_args__ = (Index("ix_disclosure_copy_organisation", "organisation_id", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    """UUIDv7: copies follow one another in time."""
    organisation_id: Mapped[UUID]
    entries: Mapped[int]
    first_t: Mapped[int] = mapped_column(BigInteger)
    last_t: Mapped[int] = mapped_column(BigInteger)
    due_on: Mapped[date]
    """30 days after its oldest entry, in the calendar of the state agency, which owes it."""
    made_at: Mapped[datetime] = mapped_column(Milliseconds)
    logged: Mapped[bool]
    """That it was made is in the log. One that is not is not shown yet."""
    given_at: Mapped[datetime | None] = mapped_column(Milliseconds)
    """When the district first read it, or the state put on record that it was handed over."""
    given_to: Mapped[str | None] = mapped_column(String(200))
    """The client that read it, or what proves that it was handed over."""
