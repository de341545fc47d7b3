"""Credentials that were issued: that they were, and whether they still hold. Their content is nowhere: the holder has it.

Whoever takes the database learns of which (random) student ids credentials were issued, when, and which were revoked with which reason.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from services.records.tables.registry import Base
from shared.columns import Milliseconds


class IssuedCredentialRow(Base):
    """A credential, with its place in a status list. It outlives the record: a place is never given to another."""

    __tablename__ = "issued_credential"
    __table_args__ = (UniqueConstraint("list_number", "place"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    """transcript | educator"""
    student_id: Mapped[UUID | None] = mapped_column(ForeignKey("student.id", ondelete="SET NULL"), index=True)
    organisation_id: Mapped[UUID] = mapped_column(index=True)
    """For which the node issued it: it and those above it may revoke it."""
    list_number: Mapped[int]
    place: Mapped[int]
    issued_at: Mapped[datetime] = mapped_column(Milliseconds)
    revoked_at: Mapped[datetime | None] = mapped_column(Milliseconds)
    reason: Mapped[str | None] = mapped_column(String(64))
    revoked_by: Mapped[str | None] = mapped_column(String(200))


class CredentialKeyRow(Base):
    """A key that has signed credentials. It stays published when the node signs with another: a credential is read for years."""

    __tablename__ = "credential_key"

    kid: Mapped[str] = mapped_column(String(43), primary_key=True)
    jwk: Mapped[str] = mapped_column(Text)
    """Public."""
    first_used_at: Mapped[datetime] = mapped_column(Milliseconds)
