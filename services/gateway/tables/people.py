"""Who is signed in: people of agencies and districts, and families by a link."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from services.gateway.tables.foundation import Base
from shared.columns import Milliseconds


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
