"""A person who signed in."""

import hmac
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from safepassage.canonical import to_base64url
from safepassage.wire_organisations import OrganisationKind
from services.gateway.people.roles import Role
from shared.contracts.audit import Actor


@dataclass(frozen=True)
class Person:
    """Who is behind a session, as it was read for one request."""

    identifier: str
    """What the node calls them, in its log and in the store: 43 characters, a keyed digest of issuer and subject."""
    issuer: str
    """The provider; the node's own entity id for who came in by a one-time link."""
    subject: str
    """At the provider. Personal: for what is made for this very person, never for a log, a URL or another's eyes."""
    display_name: str | None
    """Shown to themselves only."""
    organisation_id: UUID
    organisation_kind: OrganisationKind
    role: Role
    granted_by: str
    """The provider's word that gives the role; empty for who came in by a one-time link."""
    acr: str | None
    """How they proved who they are, in the provider's words."""
    authenticated_at: datetime
    """When they did."""
    session: bytes
    """Digest of the session's cookie, 32 bytes: the key of its row. Another one after each sign-in and step-up."""
    form_token: str
    """To be in every form of this session's pages, as `token`."""
    provider_session: str | None
    """What the node calls the provider's session in which they signed in; None where the provider names none."""
    secret: str = field(repr=False)
    """Known while a browser brings the session's cookie, and never else; the same after a step-up. For what this session alone may read."""

    def actor(self, address: str | None) -> Actor:
        """They, as the log has it: no name, no subject."""
        return Actor(kind="person", person=self.identifier, organisation_id=self.organisation_id, role=self.role, address=address)


def keyed_digest(key: bytes, *parts: str) -> str:
    """What stands for `parts` where they must not be: HMAC-SHA-256 of them, 43 characters. The same parts have the same digest."""
    return to_base64url(hmac.digest(key, "\0".join(parts).encode(), sha256))
