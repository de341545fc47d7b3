"""Credentials that were issued: that they were, and whether they still hold. The holder has the content; an educator's is kept, sealed.

Whoever takes the database learns of which (random) student ids credentials were issued, when, which were revoked with which reason, and how
many educators there are with credentials of which nodes.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary, String, Text, UniqueConstraint
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


class EducatorCredentialRow(Base):
    """A credential of an educator, which an agency here has issued, or filed when the educator brought it."""

    __tablename__ = "educator_credential"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    """Of one that was issued here, the id by which it is revoked."""
    organisation_id: Mapped[UUID]
    """That keeps it: it alone finds it."""
    node: Mapped[str] = mapped_column(String(200))
    """Entity id of the node that issued it."""
    educator: Mapped[bytes] = mapped_column(LargeBinary(16), index=True)
    """A keyed tag of the educator's number at that organisation."""
    educator_id: Mapped[UUID | None] = mapped_column(index=True)
    """A keyed tag of organisation, number, name and birth date, by which a request of another node finds it; none without a birth date."""
    credential: Mapped[bytes] = mapped_column(LargeBinary(16), unique=True)
    """A keyed tag of organisation and credential, word for word: what is brought twice is kept once, what was said anew is kept too."""
    kept_at: Mapped[datetime] = mapped_column(Milliseconds)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)


class CredentialKeyRow(Base):
    """A key that has signed credentials. It stays published when the node signs with another: a credential is read for years."""

    __tablename__ = "credential_key"

    kid: Mapped[str] = mapped_column(String(43), primary_key=True)
    jwk: Mapped[str] = mapped_column(Text)
    """Public."""
    first_used_at: Mapped[datetime] = mapped_column(Milliseconds)
