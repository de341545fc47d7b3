"""The log itself: what was appended, the tree over it, what is sealed of it, and who it is about."""

from datetime import datetime
from typing import Final

from sqlalchemy import BigInteger, Index, LargeBinary, SmallInteger, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from shared.columns import Milliseconds
from shared.tenancy import OrganisationColumns

DIGEST_BYTES = 32
KEY_ID_BYTES = 16
EVENT_KEY_BYTES = 22
"""Time in the key, if there is one (6), and 16 of its digest: services.audit.drafts."""


_CLUSTERED: Final = {"sqlite_with_rowid": False}
"""SQLite: rows lie in the order of their primary key, without a second tree."""


class Base(DeclarativeBase):
    """The metadata of the audit service."""


class OrganisationRow(OrganisationColumns, Base):
    """The tree of organisations, projected by gateway."""


class LogRow(Base):
    """A log: one for each calendar year (UTC)."""

    __tablename__ = "log"

    year: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    origin: Mapped[str] = mapped_column(String(300))
    vkey: Mapped[str] = mapped_column(String(400))
    """The key that signs its checkpoints from now on (C2SP signed-note); earlier ones may be signed by retired keys."""
    state: Mapped[str] = mapped_column(String(8))
    """active, sealed (its year is over), frozen (it does not agree with itself), or ended (its last entries are lost: Shards.end)."""
    created_at: Mapped[datetime] = mapped_column(Milliseconds)


class TreeStateRow(Base):
    """How far a log has got. Every append compares and sets it."""

    __tablename__ = "tree_state"

    log: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    size: Mapped[int] = mapped_column(BigInteger)
    root: Mapped[bytes] = mapped_column(LargeBinary(DIGEST_BYTES))
    last_t: Mapped[int] = mapped_column(BigInteger)
    """Time of the last entry, whole seconds: it never goes back."""
    index_rows: Mapped[int] = mapped_column(BigInteger)
    """Rows of `subject_entry` so far: which block takes the next ones."""


class SegmentRow(Base):
    """The entries of one group commit, or 64 of a larger one. Never changed, never deleted."""

    __tablename__ = "segment"
    __table_args__ = (Index("ix_segment_t", "log", "t"),)

    log: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    start: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    count: Mapped[int]
    t: Mapped[int] = mapped_column(BigInteger)
    """Time of all its entries, whole seconds."""
    hashes: Mapped[bytes] = mapped_column(LargeBinary)
    """Leaf hashes, 32 bytes each."""
    data: Mapped[bytes] = mapped_column(LargeBinary)
    """The entries as a bundle: 2 bytes of length, big-endian, then the entry."""


class TileRow(Base):
    """A full tile of 256 hashes. Never changed, never deleted."""

    __tablename__ = "tile"

    log: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    level: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    n: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    hashes: Mapped[bytes] = mapped_column(LargeBinary)


class EdgeTileRow(Base):
    """The incomplete tile at the right end of each level above the leaves: it follows from full tiles, and spares folding them again."""

    __tablename__ = "edge_tile"

    log: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    level: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    hashes: Mapped[bytes] = mapped_column(LargeBinary)


class CheckpointRow(Base):
    """Every checkpoint that was ever signed. Never changed, never deleted: one size never has two roots."""

    __tablename__ = "checkpoint"

    log: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    size: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    note: Mapped[str] = mapped_column(Text)
    signed_at: Mapped[datetime] = mapped_column(Milliseconds)


class AppendedRow(Base):
    """Which event is which entry: the same key is the same index for ever. Never changed, never deleted."""

    __tablename__ = "appended"
    __table_args__ = _CLUSTERED

    event_key: Mapped[bytes] = mapped_column(LargeBinary(EVENT_KEY_BYTES), primary_key=True)
    event_digest: Mapped[bytes] = mapped_column(LargeBinary(DIGEST_BYTES))
    log: Mapped[int] = mapped_column(SmallInteger)
    idx: Mapped[int] = mapped_column(BigInteger)


class SealedRow(Base):
    """What one key seals of one entry; destroyed with its key, while the entry stays provable."""

    __tablename__ = "sealed"

    log: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    idx: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    part: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    key_id: Mapped[bytes] = mapped_column(LargeBinary(KEY_ID_BYTES))
    groups: Mapped[bytes] = mapped_column(LargeBinary)


class SubjectEntryRow(Base):
    """The index: which entries are about whom. Rows lie in blocks, so that appending touches few pages; a search asks each block.

    Full blocks are merged behind the log, which gives a row another `block` and nothing else: services.audit.subject_blocks.
    """

    __tablename__ = "subject_entry"
    __table_args__ = _CLUSTERED

    block: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """Number of the block, over all logs."""
    tag: Mapped[bytes] = mapped_column(LargeBinary(KEY_ID_BYTES), primary_key=True)
    log: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    idx: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    kind: Mapped[int] = mapped_column(SmallInteger)
    """The entry's class, as a number (services.audit.drafts.KINDS)."""
    partition: Mapped[int] = mapped_column(SmallInteger)
    """0 open; 1 sealed: kept from every accounting by a court (34 CFR 99.32(d)(5))."""


class SubjectKeyRow(Base):
    """The data key of one student for one school year, wrapped. Destroying it makes what it sealed unreadable."""

    __tablename__ = "subject_key"
    __table_args__ = _CLUSTERED

    key_id: Mapped[bytes] = mapped_column(LargeBinary(KEY_ID_BYTES), primary_key=True)
    """The student's tag in that year."""
    epoch: Mapped[int] = mapped_column(SmallInteger)
    wrapped: Mapped[bytes] = mapped_column(LargeBinary)


class LogKeyRow(Base):
    """Keys of the service itself, wrapped: `tag/<epoch>` makes tags, `events` digests events."""

    __tablename__ = "log_key"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    wrapped: Mapped[bytes] = mapped_column(LargeBinary)
