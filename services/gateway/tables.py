"""What the gateway stores: organisations, clients and their public keys, what was used once. No student data, no private key.

The store is trusted with who may call: whoever controls it can register a client of their own.
"""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, String, Text, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from shared.columns import Milliseconds
from shared.idempotency import IdempotencyColumns
from shared.leases import LeaseColumns
from shared.outbox import OutboxColumns
from shared.peer_statements import NodeStatementColumns
from shared.tenancy import OrganisationColumns
from shared.trust import TrustListColumns

IS_STATE_AGENCY = text("kind = 'sea'")
HAS_ENTITY = text("entity_id IS NOT NULL")
HAS_NCES_ID = text("nces_id IS NOT NULL")
HAS_RESOURCE = text("resource IS NOT NULL")


class Base(DeclarativeBase):
    """The gateway's tables."""


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
    jkt: Mapped[str] = mapped_column(String(43))
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
    jkt: Mapped[str] = mapped_column(String(43))
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


class RefreshTokenRow(Base):
    """A refresh token, used or not. The one that follows it is made from it (services.gateway.oauth.codes.refresh_tokens)."""

    __tablename__ = "refresh_token"

    digest: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    authorization_id: Mapped[UUID] = mapped_column(ForeignKey("given_authorization.id"), index=True)
    expires_at: Mapped[datetime] = mapped_column(Milliseconds)
    used_at: Mapped[datetime | None] = mapped_column(Milliseconds)
    repeated_at: Mapped[datetime | None] = mapped_column(Milliseconds)
    """When the answer that gave its successor was last given again."""


class TrustListRow(TrustListColumns, Base):
    """Trust lists that were accepted."""


class NodeStatementRow(NodeStatementColumns, Base):
    """The newest statement of each peer."""


class OutboxRow(OutboxColumns, Base):
    """What the siblings are to be told."""


class LeaseRow(LeaseColumns, Base):
    """Which replica does what."""


class IdempotencyRow(IdempotencyColumns, Base):
    """Keys of requests that had their effect."""


class SessionRow(Base):
    """A person's session. Who they are at the provider is sealed under their cookie, which is not here: a stolen row tells no name."""

    __tablename__ = "session"

    digest: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    """Of the cookie's value."""
    person: Mapped[str] = mapped_column(String(43), index=True)
    provider_session: Mapped[str | None] = mapped_column(String(43), index=True)
    """Keyed digest of the provider's `sid`."""
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    role: Mapped[str] = mapped_column(String(32))
    granted_by: Mapped[str] = mapped_column(String(200))
    """The provider's word that gives the role, as long as the settings still say so; empty for who came in by a one-time link."""
    acr: Mapped[str | None] = mapped_column(String(200))
    authenticated_at: Mapped[datetime] = mapped_column(Milliseconds)
    began_at: Mapped[datetime] = mapped_column(Milliseconds)
    seen_at: Mapped[datetime] = mapped_column(Milliseconds)
    ends_at: Mapped[datetime] = mapped_column(Milliseconds, index=True)
    sealed: Mapped[bytes]


class SignInRow(Base):
    """A sign-in under way at the provider: ten minutes, once, in one browser. `digest`: of `state`; `verifier`: of PKCE (RFC 7636)."""

    __tablename__ = "sign_in"

    digest: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    browser: Mapped[bytes] = mapped_column(LargeBinary(32))
    """Digest of the cookie of the browser in which it began."""
    nonce: Mapped[str] = mapped_column(String(43))
    verifier: Mapped[str] = mapped_column(String(43))
    back: Mapped[str] = mapped_column(String(2048))
    step_up: Mapped[bool]
    expires_at: Mapped[datetime] = mapped_column(Milliseconds, index=True)


class ConsoleLinkRow(Base):
    """A one-time link by which the operator of an embedded node comes in."""

    __tablename__ = "console_link"

    digest: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(Milliseconds, index=True)


class FamilyLinkRow(Base):
    """A one-time link to the family's page. Whom it is for is sealed under the link, which is not here; once over, that is forgotten."""

    __tablename__ = "family_link"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    """Of what is behind the link's `#`."""
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    """The agency that checked who it is, and made the link."""
    evidence_ref: Mapped[str] = mapped_column(String(200))
    """Of the check, in the agency's own records."""
    made_at: Mapped[datetime] = mapped_column(Milliseconds)
    expires_at: Mapped[datetime] = mapped_column(Milliseconds, index=True)
    used_at: Mapped[datetime | None] = mapped_column(Milliseconds)
    withdrawn_at: Mapped[datetime | None] = mapped_column(Milliseconds)
    student_word: Mapped[str | None] = mapped_column(String(43), index=True)
    """Keyed digest of the student's id, by which the agency finds what it has to take back; None once the link is over."""
    member_word: Mapped[str | None] = mapped_column(String(43))
    """What the log calls the person; None once the link is over."""
    sealed: Mapped[bytes]


class FamilySessionRow(Base):
    """A family member's visit. Who it is is sealed under their cookie."""

    __tablename__ = "family_session"

    digest: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    """Of the cookie's value."""
    link_id: Mapped[UUID] = mapped_column(ForeignKey("family_link.id"), index=True)
    began_at: Mapped[datetime] = mapped_column(Milliseconds)
    seen_at: Mapped[datetime] = mapped_column(Milliseconds)
    ends_at: Mapped[datetime] = mapped_column(Milliseconds, index=True)
    sealed: Mapped[bytes]


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


class QuotaUseRow(Base):
    """What a client or an organisation has had in a day, summed up over all processes."""

    __tablename__ = "quota_use"

    holder_id: Mapped[UUID] = mapped_column(primary_key=True)
    quota: Mapped[str] = mapped_column(String(32), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True, index=True)
    used: Mapped[int] = mapped_column(BigInteger)
    reached: Mapped[bool]
    """The log says so already."""


class RateUseRow(Base):
    """How often another node, or an address without a token, came lately, over all processes. `holder`: what it is, and a keyed digest."""

    __tablename__ = "rate_use"

    holder: Mapped[str] = mapped_column(String(64), primary_key=True)
    used: Mapped[int] = mapped_column(BigInteger)
    changed_at: Mapped[datetime] = mapped_column(Milliseconds, index=True)


class QuotaLimitRow(Base):
    """What a client or an organisation may have in a day, where it is another number than the settings'."""

    __tablename__ = "quota_limit"

    holder_id: Mapped[UUID] = mapped_column(primary_key=True)
    quota: Mapped[str] = mapped_column(String(32), primary_key=True)
    per_day: Mapped[int] = mapped_column(BigInteger)
