"""Who may register clients of their own: publishers of software, initial tokens, registrations."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from services.gateway.tables.foundation import Base
from shared.columns import Milliseconds


class PublisherRow(Base):
    """Who signs software statements (RFC 7591), and what clients that register with one may have at the most."""

    __tablename__ = "publisher"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    issuer: Mapped[str] = mapped_column(String(200), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    jwks: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(String(32))
    role: Mapped[str] = mapped_column(String(64))
    scopes: Mapped[str] = mapped_column(Text)
    purposes: Mapped[str] = mapped_column(Text)
    trusted: Mapped[bool]
    version: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(Milliseconds)
    disabled_at: Mapped[datetime | None] = mapped_column(Milliseconds)


class InitialTokenRow(Base):
    """A token with which one client may register, once; only its digest is kept."""

    __tablename__ = "initial_access_token"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    kind: Mapped[str] = mapped_column(String(32))
    role: Mapped[str] = mapped_column(String(64))
    scopes: Mapped[str] = mapped_column(Text)
    purposes: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Milliseconds)
    expires_at: Mapped[datetime] = mapped_column(Milliseconds)
    used_at: Mapped[datetime | None] = mapped_column(Milliseconds)
    withdrawn_at: Mapped[datetime | None] = mapped_column(Milliseconds)


class RegistrationRow(Base):
    """A client that registered itself: by whose word, what an administrator said, and the digest of its registration access token."""

    __tablename__ = "registration"

    client_id: Mapped[UUID] = mapped_column(ForeignKey("client.id"), primary_key=True)
    state: Mapped[str] = mapped_column(String(16), index=True)
    token_digest: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    registered_by: Mapped[str] = mapped_column(String(64))
    software_id: Mapped[str | None] = mapped_column(String(128))
    software_version: Mapped[str | None] = mapped_column(String(64))
    contacts: Mapped[str] = mapped_column(Text)
    """Separated by spaces."""
    statement: Mapped[str | None] = mapped_column(Text)
    """The software statement as it came: the answers repeat it (RFC 7591 section 3.2.1)."""
    decided_at: Mapped[datetime | None] = mapped_column(Milliseconds)
