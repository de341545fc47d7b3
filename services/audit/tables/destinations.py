"""Where audit sends its log, and how far each destination has got. What could be used against a receiver is sealed: address, keys, name.

Whoever controls these rows can send the log's events to a receiver of theirs; each that was made through the node is in the log.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, LargeBinary, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from services.audit.tables.log import Base
from shared.columns import Milliseconds


class LogDestinationRow(Base):
    """A destination."""

    __tablename__ = "log_destination"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    """services.audit.destinations.configuration."""
    made_at: Mapped[datetime] = mapped_column(Milliseconds)
    state: Mapped[str] = mapped_column(String(8))
    """active, paused or disabled."""
    disabled_because: Mapped[str | None] = mapped_column(String(16))
    log: Mapped[int] = mapped_column(SmallInteger)
    at: Mapped[int] = mapped_column(BigInteger)
    """The cursor: the first entry of the log that it has not got. Compared and set by whoever got an answer."""
    until: Mapped[int | None] = mapped_column(BigInteger)
    """Where the batch ends that is on its way: it is sent again as it was, under the same id, until it is answered."""
    holder: Mapped[str] = mapped_column(String(32))
    """The process that sends to it, as long as its lease lasts."""
    leased_until: Mapped[datetime] = mapped_column(Milliseconds)
    due_at: Mapped[datetime] = mapped_column(Milliseconds)
    failures: Mapped[int]
    failing_since: Mapped[datetime | None] = mapped_column(Milliseconds)
    attempted_at: Mapped[datetime | None] = mapped_column(Milliseconds)
    delivered_at: Mapped[datetime | None] = mapped_column(Milliseconds)
    last_status: Mapped[int | None]
    last_fault: Mapped[str | None] = mapped_column(String(32))
    replay_id: Mapped[UUID | None]
    """Of what is sent again, all of these or none."""
    replay_asked_at: Mapped[datetime | None] = mapped_column(Milliseconds)
    replay_log: Mapped[int | None] = mapped_column(SmallInteger)
    replay_at: Mapped[int | None] = mapped_column(BigInteger)
    replay_until: Mapped[int | None] = mapped_column(BigInteger)
    replay_end_log: Mapped[int | None] = mapped_column(SmallInteger)
    replay_end_at: Mapped[int | None] = mapped_column(BigInteger)
