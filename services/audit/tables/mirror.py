"""What audit stores of the logs that it mirrors. Their leaves hold nothing of a person (docs/decisions/0021).

Whoever controls it can withhold a copy; a changed one does not verify under the log's checkpoint.
"""

from sqlalchemy import BigInteger, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from services.audit.tables.log import DIGEST_BYTES, Base


class MirroredLogRow(Base):
    """A log of which entries are kept. Its checkpoint only grows, and only to a size of which every entry is there."""

    __tablename__ = "mirrored_log"

    origin_digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    """SHA-256 of the origin, lower case hexadecimal."""
    origin: Mapped[str] = mapped_column(String(300))
    size: Mapped[int] = mapped_column(BigInteger)
    """Of the largest checkpoint that is kept as a whole; 0 with an empty note for none."""
    note: Mapped[str] = mapped_column(Text)
    """That checkpoint with the log's signatures and our cosignatures as a mirror."""
    t: Mapped[int] = mapped_column(BigInteger)
    """Time of those cosignatures, whole seconds: it never goes back."""
    next_entry: Mapped[int] = mapped_column(BigInteger)
    """The first entry that is not kept yet."""
    bytes: Mapped[int] = mapped_column(BigInteger)
    """Of the entries that are kept, with their lengths."""


class MirroredBundleRow(Base):
    """256 entries of a mirrored log, or fewer at its end; each was shown to be part of a checkpoint before it was stored."""

    __tablename__ = "mirrored_bundle"

    origin_digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    n: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    count: Mapped[int]
    root: Mapped[bytes | None] = mapped_column(LargeBinary(DIGEST_BYTES))
    """Over all 256 of them: the hash in the tile above."""
    data: Mapped[bytes] = mapped_column(LargeBinary)
    """As a bundle: 2 bytes of length, big-endian, then the entry."""
