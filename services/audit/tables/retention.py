"""What audit stores of retention. Like all of audit's store it names nobody: a student is a keyed tag, or sealed."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    SmallInteger,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from services.audit.tables.log import KEY_ID_BYTES, Base
from shared.columns import CanonicalText, Milliseconds
from shared.idempotency import IdempotencyColumns


class KeyWrappingRow(Base):
    """Which version of the key-encryption key wraps: one row, so that all processes change at the same instant."""

    __tablename__ = "key_wrapping"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """Always 1."""
    version: Mapped[int]
    """Wraps every key from now on."""
    oldest: Mapped[int]
    """Every key is wrapped by this version or a later one: what is older may be destroyed."""
    rewrapped_to: Mapped[bytes | None] = mapped_column(LargeBinary(KEY_ID_BYTES))
    """Up to this data key, in their order, each is wrapped by `version`; None before the first one, and where all are."""
    rewrapped: Mapped[int]
    """How many that is."""


class IdempotencyRow(IdempotencyColumns, Base):
    """A client's key and what it made."""


class HoldRow(Base):
    """A legal hold: it is in force until it is lifted, and stays on record."""

    __tablename__ = "hold"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    sealed_student: Mapped[bytes | None] = mapped_column(LargeBinary)
    organisation_id: Mapped[UUID | None]
    logged_from: Mapped[datetime | None] = mapped_column(Milliseconds)
    logged_until: Mapped[datetime | None] = mapped_column(Milliseconds)
    reason: Mapped[str] = mapped_column(String(64))
    reference: Mapped[str] = mapped_column(String(64))
    placed_at: Mapped[datetime] = mapped_column(Milliseconds)
    placed_by: Mapped[str] = mapped_column(String(64))
    lifted_at: Mapped[datetime | None] = mapped_column(Milliseconds)
    lifted_by: Mapped[str | None] = mapped_column(String(64))
    lifted_because: Mapped[str | None] = mapped_column(String(64))
    destruction_id: Mapped[UUID | None]
    """Of the student whom it named, once that is forgotten."""


class DestructionRow(Base):
    """A destruction from its asking to its end."""

    __tablename__ = "destruction"
    __table_args__ = (UniqueConstraint("id", "asked_by", name="destruction_asker"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(String(12), index=True)
    of_student: Mapped[bool]
    sealed_student: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Forgotten when it is carried out."""
    basis: Mapped[str] = mapped_column(String(64))
    reference: Mapped[str] = mapped_column(String(64))
    records_ended_on: Mapped[date | None]
    clearance_id: Mapped[UUID | None]
    asked_by: Mapped[str] = mapped_column(String(64))
    asked_at: Mapped[datetime] = mapped_column(Milliseconds)
    preview: Mapped[str] = mapped_column(CanonicalText)
    approved_at: Mapped[datetime | None] = mapped_column(Milliseconds)
    called_off_at: Mapped[datetime | None] = mapped_column(Milliseconds)
    destroyed_at: Mapped[datetime | None] = mapped_column(Milliseconds)
    wrapped_by: Mapped[int | None]
    """The version of the key-encryption key at that instant: it and those before it may have wrapped what was destroyed."""
    plan: Mapped[str | None] = mapped_column(Text)
    """What is destroyed, and what is kept: the years, as its carrying out found them."""
    certificate: Mapped[str | None] = mapped_column(CanonicalText)
    entry_log: Mapped[int | None] = mapped_column(SmallInteger)
    entry_idx: Mapped[int | None] = mapped_column(BigInteger)
    done_at: Mapped[datetime | None] = mapped_column(Milliseconds)


class DestructionApprovalRow(Base):
    """An official's approval. Append-only."""

    __tablename__ = "destruction_approval"
    __table_args__ = (
        ForeignKeyConstraint(["destruction_id", "asked_by"], ["destruction.id", "destruction.asked_by"]),
        CheckConstraint("official <> asked_by", name="destruction_approval_not_by_the_asker"),
    )

    destruction_id: Mapped[UUID] = mapped_column(primary_key=True)
    official: Mapped[str] = mapped_column(String(64), primary_key=True)
    asked_by: Mapped[str] = mapped_column(String(64))
    role: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(Milliseconds)
    client_id: Mapped[str] = mapped_column(String(200))


class DestroyedKeyRow(Base):
    """A data key that was destroyed: whoever knows of whom and when it was can tell that it was, and by what."""

    __tablename__ = "destroyed_key"

    key_id: Mapped[bytes] = mapped_column(LargeBinary(KEY_ID_BYTES), primary_key=True)
    epoch: Mapped[int] = mapped_column(SmallInteger)
    destruction_id: Mapped[UUID] = mapped_column(index=True)
    custodian_id: Mapped[UUID | None]
    """Who kept the student's records last: who may be told."""
    destroyed_at: Mapped[datetime] = mapped_column(Milliseconds)


class DestroyedPartRow(Base):
    """In the place of what was sealed of an entry: that it was destroyed, and by which destruction."""

    __tablename__ = "destroyed_part"
    __table_args__ = (Index("ix_destroyed_part_destruction", "destruction_id", "log", "idx", "part"), {"sqlite_with_rowid": False})

    log: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    idx: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    part: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    destruction_id: Mapped[UUID]
