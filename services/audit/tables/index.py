"""What the index stores. All of it follows from the log: whoever deletes it costs time, and whoever alters it is found by making it again.

Whoever reads it without the key-encryption key learns how often unnamed things went together, and when.
"""

from sqlalchemy import BigInteger, Index, Integer, LargeBinary, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from services.audit.tables.log import Base

TERM_BYTES = 17
"""A byte for its kind and 16 of a digest: services.audit.index.terms."""

_CLUSTERED = {"sqlite_with_rowid": False}


class PostingRow(Base):
    """Which entries have a term. Of level 0: bits of a block of 7,680 entries; of level 1: bits of a group of 7,680 blocks that have it.

    Rows lie by block, so that a block is written in one place; a search looks at level 1 first and goes only where every term is.
    """

    __tablename__ = "posting"
    __table_args__ = _CLUSTERED

    log: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    level: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    block: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    term: Mapped[bytes] = mapped_column(LargeBinary(TERM_BYTES), primary_key=True)
    bits: Mapped[bytes] = mapped_column(LargeBinary)
    """services.audit.index.bitmaps."""


class TermRow(Base):
    """What a term that is no person stands for, sealed."""

    __tablename__ = "index_term"
    __table_args__ = _CLUSTERED

    term: Mapped[bytes] = mapped_column(LargeBinary(TERM_BYTES), primary_key=True)
    words: Mapped[bytes] = mapped_column(LargeBinary)
    """services.audit.index.words."""


class IndexCursorRow(Base):
    """How far a log is in the index. Every step compares and sets it."""

    __tablename__ = "index_cursor"

    log: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    at: Mapped[int] = mapped_column(BigInteger)
    """Entries that are in the index: those before this one."""
    corrections: Mapped[int] = mapped_column(BigInteger)
    """How often something that was destroyed was taken out: a step that began before is not written."""


class IndexRebuildRow(Base):
    """That the index is being made again: one row while it is. services.audit.index.rebuilding."""

    __tablename__ = "index_rebuild"

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    stage: Mapped[int] = mapped_column(SmallInteger)


class ActivityRow(Base):
    """How much of one kind an actor did on one day (UTC): what alerts are computed from."""

    __tablename__ = "activity"
    __table_args__ = (Index("ix_activity_actor", "actor", "day"), _CLUSTERED)

    day: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    """Days since the Unix epoch."""
    actor: Mapped[bytes] = mapped_column(LargeBinary(TERM_BYTES), primary_key=True)
    shape: Mapped[bytes] = mapped_column(LargeBinary(TERM_BYTES), primary_key=True)
    log: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    entries: Mapped[int] = mapped_column(BigInteger)
    subjects: Mapped[int] = mapped_column(BigInteger)
    """Students of those entries, one counted as often as it is in one."""
    hours: Mapped[int] = mapped_column(Integer)
    """Bit h: there was an entry in hour h (UTC)."""
    first: Mapped[int] = mapped_column(BigInteger)
    last: Mapped[int] = mapped_column(BigInteger)
    """Indices of the first and the last of them."""


class ShapeRow(Base):
    """A kind of activity, sealed."""

    __tablename__ = "activity_shape"
    __table_args__ = _CLUSTERED

    shape: Mapped[bytes] = mapped_column(LargeBinary(TERM_BYTES), primary_key=True)
    words: Mapped[bytes] = mapped_column(LargeBinary)
    """Class, operation, purpose, basis, outcome, organisation."""


class IndexedActorRow(Base):
    """An actor of a school year, and what the year before called it: its habits outlive the change of the tags by one year."""

    __tablename__ = "index_actor"
    __table_args__ = _CLUSTERED

    actor: Mapped[bytes] = mapped_column(LargeBinary(TERM_BYTES), primary_key=True)
    former: Mapped[bytes | None] = mapped_column(LargeBinary(TERM_BYTES))
    is_client: Mapped[bool]
    """Or a person who signed in; otherwise a job of the node."""
