"""What audit stores of retention. Like all of audit's store it names nobody: a student is a keyed tag, or sealed."""

from sqlalchemy import LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from services.audit.tables.log import KEY_ID_BYTES, Base


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
