"""What audit stores of witnessing: what it has cosigned of other nodes' logs, who has cosigned its own, and what was wrong with either.

Nothing of a person is in it. Whoever controls it can make this node forget what it has witnessed, and so cosign a fork; not its own log.
"""

from datetime import datetime

from sqlalchemy import BigInteger, LargeBinary, SmallInteger, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from services.audit.tables.log import DIGEST_BYTES, Base
from shared.columns import Milliseconds
from shared.trust import TrustListColumns


class TrustListRow(TrustListColumns, Base):
    """The trust lists that audit has accepted: whose logs it witnesses."""


class KnownNodeRow(Base):
    """A node that a trust list has had, with the state that it said. Kept when the node has left: the log still names it."""

    __tablename__ = "known_node"

    entity_id: Mapped[str] = mapped_column(String(300), primary_key=True)
    state: Mapped[str] = mapped_column(String(2), primary_key=True)
    agency: Mapped[str] = mapped_column(String(200))
    serial: Mapped[int] = mapped_column(BigInteger)
    """Of the last list that said so."""


class WitnessedLogRow(Base):
    """The largest checkpoint of another node's log that this node has cosigned. It only grows, by compare and set."""

    __tablename__ = "witnessed_log"

    origin_digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    """SHA-256 of the origin, lower case hexadecimal."""
    origin: Mapped[str] = mapped_column(String(300))
    size: Mapped[int] = mapped_column(BigInteger)
    root: Mapped[bytes] = mapped_column(LargeBinary(DIGEST_BYTES))
    t: Mapped[int] = mapped_column(BigInteger)
    """Time of its cosignatures, whole seconds: it never goes back."""
    note: Mapped[str] = mapped_column(Text)
    """The checkpoint with the log's signatures that were verified, and our cosignatures."""


class CosignatureRow(Base):
    """A witness's verified cosignature of one of the node's own checkpoints. Never changed; of old ones one an hour is kept."""

    __tablename__ = "cosignature"

    log: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    size: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    witness: Mapped[str] = mapped_column(String(300), primary_key=True)
    """Name and key id (hexadecimal) of the key, with a `+` between."""
    line: Mapped[str] = mapped_column(Text)
    """As it stands under the note."""
    t: Mapped[int] = mapped_column(BigInteger)
    """When the witness says it has cosigned, whole seconds."""


class WitnessFindingRow(Base):
    """Something that a witness, or a log that is witnessed, should never have said."""

    __tablename__ = "witness_finding"

    kind: Mapped[str] = mapped_column(String(32), primary_key=True)
    """services.audit.witnessing.findings.KINDS."""
    about: Mapped[str] = mapped_column(String(300), primary_key=True)
    """Origin of the log, or URL of the witness."""
    first_at: Mapped[datetime] = mapped_column(Milliseconds)
    last_at: Mapped[datetime] = mapped_column(Milliseconds)
    count: Mapped[int] = mapped_column(BigInteger)
    evidence: Mapped[str | None] = mapped_column(Text)
    """Signed checkpoints that show it, where there are some; those of the first time."""
    entered_on: Mapped[str | None] = mapped_column(String(10))
    """The day of the last entry about it in the log: one a day, so that nobody can fill the log by misbehaving."""
