"""The tables that a crash of PostgreSQL empties: what they remember is good for a minute (services.gateway.oauth.shared_proofs)."""

from datetime import datetime

from sqlalchemy import LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from services.gateway.tables import Base
from shared.columns import Milliseconds


class UsedProofRow(Base):
    """A DPoP proof that was used at a resource."""

    __tablename__ = "used_proof"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012 SQLAlchemy reads it once

    digest: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(Milliseconds)
    since: Mapped[datetime] = mapped_column(Milliseconds)
    """Of the memory that it is in."""


class ProofMemoryRow(Base):
    """Since when every proof that was used is remembered: one row, which a crash takes along with the proofs."""

    __tablename__ = "proof_memory"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    since: Mapped[datetime] = mapped_column(Milliseconds)
