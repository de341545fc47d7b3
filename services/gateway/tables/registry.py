"""Who may call: organisations, clients with their public keys, what a client used and what of it is suspended."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from services.gateway.tables.foundation import Base
from shared.columns import Milliseconds
from shared.tenancy import OrganisationColumns

IS_STATE_AGENCY = text("kind = 'sea'")
HAS_ENTITY = text("entity_id IS NOT NULL")
HAS_NCES_ID = text("nces_id IS NOT NULL")
HAS_RESOURCE = text("resource IS NOT NULL")


class OrganisationRow(OrganisationColumns, Base):
    """An organisation; the gateway owns it and projects it to the other services."""

    __table_args__ = (
        Index("organisation_one_state_agency", "kind", unique=True, sqlite_where=IS_STATE_AGENCY, postgresql_where=IS_STATE_AGENCY),
        Index("organisation_one_per_entity", "entity_id", unique=True, sqlite_where=HAS_ENTITY, postgresql_where=HAS_ENTITY),
        Index("organisation_one_per_nces_id", "nces_id", unique=True, sqlite_where=HAS_NCES_ID, postgresql_where=HAS_NCES_ID),
    )

    tokens_ended_at: Mapped[datetime | None] = mapped_column(Milliseconds, default=None)
    """When a change ended it last, or brought it back: what was issued until then, to its clients or to it as a peer, counts no more."""


class ClientRow(Base):
    """A registered OAuth client."""

    __tablename__ = "client"
    __table_args__ = (Index("client_one_per_resource", "resource", unique=True, sqlite_where=HAS_RESOURCE, postgresql_where=HAS_RESOURCE),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(32))
    role: Mapped[str] = mapped_column(String(64))
    scopes: Mapped[str] = mapped_column(Text)  # as the lists below, separated by spaces
    purposes: Mapped[str] = mapped_column(Text)
    jwks: Mapped[str] = mapped_column(Text)
    """A JWK Set of public keys, as JSON; nothing for a client that has none."""
    jwks_uri: Mapped[str | None] = mapped_column(String(500))
    jwks_fetched_at: Mapped[datetime | None] = mapped_column(Milliseconds)
    """When `jwks` was last got from `jwks_uri`."""
    assertion_audience: Mapped[str] = mapped_column(String(16))
    resource: Mapped[str | None] = mapped_column(String(200))
    may_exchange: Mapped[str] = mapped_column(Text, default="")
    """Ids of clients, separated by spaces."""
    authentication: Mapped[str] = mapped_column(String(32), default="private_key_jwt")
    addresses: Mapped[str] = mapped_column(Text, default="")
    """Networks, separated by spaces."""
    agreement_id: Mapped[UUID | None]
    redirect_uris: Mapped[str] = mapped_column(Text, default="")
    grant_types: Mapped[str] = mapped_column(String(200), default="client_credentials")
    tls_subject: Mapped[str] = mapped_column(Text, default="")
    """A TlsSubject as JSON, or nothing."""
    tls_certificates: Mapped[str] = mapped_column(Text, default="")
    """Thumbprints, separated by spaces."""
    version: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(Milliseconds)
    disabled_at: Mapped[datetime | None] = mapped_column(Milliseconds)
    tokens_ended_at: Mapped[datetime | None] = mapped_column(Milliseconds, default=None)
    """When it was disabled last before it was let in again: what was issued until then counts no more."""
    changed_at: Mapped[datetime] = mapped_column(Milliseconds, index=True)
    """Last change of it or of its organisation's standing: processes look for recent ones, to refuse tokens that are out."""


class SuspensionRow(Base):
    """A party that is, or was, suspended. It is lifted, and stays on record."""

    __tablename__ = "suspension"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    reason: Mapped[str] = mapped_column(String(64))
    reference: Mapped[str] = mapped_column(String(200))
    client_ids: Mapped[str] = mapped_column(Text)
    """Those that it put out, separated by spaces."""
    suspended_at: Mapped[datetime] = mapped_column(Milliseconds)
    lifted_at: Mapped[datetime | None] = mapped_column(Milliseconds)
    lifted_reference: Mapped[str | None] = mapped_column(String(200))


class ClientSecretRow(Base):
    """What a client's secret is compared by: scrypt of it, with what it was made with. Whoever has this row has no secret."""

    __tablename__ = "client_secret"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    client_id: Mapped[UUID] = mapped_column(ForeignKey("client.id"), index=True)
    salt: Mapped[bytes] = mapped_column(LargeBinary(16))
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    cost: Mapped[int]
    block_size: Mapped[int]
    parallelism: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(Milliseconds)


class ScopeUseRow(Base):
    """The day, in UTC, on which a client last used a scope."""

    __tablename__ = "scope_use"

    client_id: Mapped[UUID] = mapped_column(ForeignKey("client.id"), primary_key=True)
    scope: Mapped[str] = mapped_column(String(100), primary_key=True)
    used_on: Mapped[date]
