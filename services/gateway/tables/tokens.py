"""What was issued or used once: requests, authorizations, refresh tokens, proofs that are spent, tokens that are revoked."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from services.gateway.tables.foundation import Base
from shared.columns import Milliseconds


class SpentRow(Base):
    """An identifier that counts once: of an assertion, or of a proof that came with one. The primary key is what decides between two."""

    __tablename__ = "spent"

    digest: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(Milliseconds, index=True)


class RevokedTokenRow(Base):
    """An access token that was taken back before its time (RFC 7009), until it would have expired."""

    __tablename__ = "revoked_token"

    jti: Mapped[UUID] = mapped_column(primary_key=True)
    revoked_at: Mapped[datetime] = mapped_column(Milliseconds, index=True)
    expires_at: Mapped[datetime] = mapped_column(Milliseconds, index=True)


class PushedRequestRow(Base):
    """An authorization request that a client pushed (RFC 9126), until a person has answered it or its time is over."""

    __tablename__ = "pushed_request"

    digest: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    """SHA-256 of its `request_uri`."""
    client_id: Mapped[UUID] = mapped_column(ForeignKey("client.id"))
    redirect_uri: Mapped[str] = mapped_column(String(500))
    state: Mapped[str | None] = mapped_column(String(512))
    code_challenge: Mapped[str] = mapped_column(String(43))
    jkt: Mapped[str | None] = mapped_column(String(43))
    """The key that its code is to be bound to, where the client named one."""
    scope: Mapped[str] = mapped_column(Text)
    authorization_details: Mapped[str | None] = mapped_column(Text)
    audience: Mapped[str] = mapped_column(String(200))
    acr_values: Mapped[str | None] = mapped_column(String(200))
    max_age_seconds: Mapped[int | None]
    expires_at: Mapped[datetime] = mapped_column(Milliseconds, index=True)
    used_at: Mapped[datetime | None] = mapped_column(Milliseconds)


class GivenAuthorizationRow(Base):
    """What a person let a client do, its code, and all that came of it: when it ends, the tokens end."""

    __tablename__ = "given_authorization"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    client_id: Mapped[UUID] = mapped_column(ForeignKey("client.id"), index=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    """The person's."""
    subject: Mapped[str] = mapped_column(String(43))
    """The person, under a name that this client alone is told."""
    role: Mapped[str] = mapped_column(String(64))
    person: Mapped[str] = mapped_column(String(43), index=True)
    """The person, as the node's own log has them."""
    acr: Mapped[str | None] = mapped_column(String(200))
    authenticated_at: Mapped[datetime] = mapped_column(Milliseconds)
    redirect_uri: Mapped[str] = mapped_column(String(500))
    code_challenge: Mapped[str] = mapped_column(String(43))
    jkt: Mapped[str | None] = mapped_column(String(43))
    """Likewise."""
    scope: Mapped[str] = mapped_column(Text)
    authorization_details: Mapped[str | None] = mapped_column(Text)
    audience: Mapped[str] = mapped_column(String(200))
    code_digest: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    code_expires_at: Mapped[datetime] = mapped_column(Milliseconds)
    code_used_at: Mapped[datetime | None] = mapped_column(Milliseconds)
    given_at: Mapped[datetime] = mapped_column(Milliseconds)
    expires_at: Mapped[datetime] = mapped_column(Milliseconds, index=True)
    ended_at: Mapped[datetime | None] = mapped_column(Milliseconds, index=True)
    ended_because: Mapped[str | None] = mapped_column(String(64))
    granted_by: Mapped[str | None] = mapped_column(String(200))  # as in SessionRow; none of what is older than the column
    provider_session: Mapped[str | None] = mapped_column(String(43), index=True)  # likewise


class RefreshTokenRow(Base):
    """A refresh token, used or not. The one that follows it is made from it (services.gateway.oauth.codes.refresh_tokens)."""

    __tablename__ = "refresh_token"

    digest: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    authorization_id: Mapped[UUID] = mapped_column(ForeignKey("given_authorization.id"), index=True)
    expires_at: Mapped[datetime] = mapped_column(Milliseconds)
    used_at: Mapped[datetime | None] = mapped_column(Milliseconds)
    repeated_at: Mapped[datetime | None] = mapped_column(Milliseconds)
    """When the answer that gave its successor was last given again."""
