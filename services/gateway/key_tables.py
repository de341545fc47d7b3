"""Which keys the log was last told of."""

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from services.gateway.tables import Base


class KeyRingRow(Base):
    """The keys of one kind, as the log knows them: no key, and nothing that a key could be found by."""

    __tablename__ = "key_ring"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    mark: Mapped[str] = mapped_column(String(43))
    """Another one for other keys."""
