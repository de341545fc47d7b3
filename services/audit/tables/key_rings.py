"""Of which keys the log was last told by audit itself."""

from sqlalchemy.orm import Mapped

from services.audit.tables.log import Base
from shared.key_rings import KeyRingColumns


class KeyRingRow(KeyRingColumns, Base):
    """The keys of one kind in audit's own folder."""

    changes: Mapped[int]
    """How many the log was told of: with it the entry of a change has the same key, whoever appends it and how often."""
