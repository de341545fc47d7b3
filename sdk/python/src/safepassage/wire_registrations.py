"""Clients that register themselves (RFC 7591), as administrators see it: who may, within which bounds, and who waits for approval."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from safepassage.wire import Code, Instant, Name, Wire
from safepassage.wire_clients import Client, ClientKind, JwkSet, Purposes, Scopes

Issuer = Annotated[str, StringConstraints(pattern=r"^https://[a-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._~/-]*)?$", max_length=200)]
"""What a publisher is called in the `iss` of its software statements: an https URL. It is never called."""

SoftwareId = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,128}$")]
SoftwareVersion = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,64}$")]
Contact = Annotated[str, StringConstraints(pattern=r"^[!-~]{3,200}$")]
"""An e-mail address or URL of a desk, not of a person."""

RegistrationState = Literal["pending", "approved", "refused", "ended"]


class RegistrationBounds(Wire):
    """What clients that register themselves may have at the most, and what they are."""

    kind: ClientKind = "application"
    role: Code
    """What they do for their organization, as the log shows it."""
    scopes: Scopes
    purposes: Purposes = ()


class NewPublisher(RegistrationBounds):
    """`POST /v1/publishers`: who signs software statements, verified with these keys."""

    organisation_id: UUID
    """Its clients belong to this organisation or one below it."""
    issuer: Issuer
    name: Name
    jwks: JwkSet
    trusted: bool = False
    """Its clients come in at once, without an administrator's approval. The state agency alone says so."""


class Publisher(NewPublisher):
    """A publisher of software."""

    id: UUID
    version: Annotated[int, Field(ge=1)]
    created_at: Instant
    disabled_at: Instant | None = None


class PublisherPage(Wire):
    """`GET /v1/publishers`."""

    publishers: tuple[Publisher, ...]


class PublisherChange(RegistrationBounds):
    """`PUT /v1/publishers/{id}`: for registrations to come. Clients that are registered keep what they have."""

    version: Annotated[int, Field(ge=1)]
    name: Name
    jwks: JwkSet
    trusted: bool = False


class NewInitialToken(RegistrationBounds):
    """`POST /v1/initial-access-tokens`: one client of one organisation may register with it, once."""

    organisation_id: UUID
    lasts_hours: Annotated[int, Field(ge=1, le=720)] = 72


class InitialToken(RegistrationBounds):
    """An initial access token; the token itself was told once."""

    id: UUID
    organisation_id: UUID
    created_at: Instant
    expires_at: Instant
    used_at: Instant | None = None
    withdrawn_at: Instant | None = None


class IssuedInitialToken(InitialToken):
    """The answer to `POST /v1/initial-access-tokens`."""

    initial_access_token: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{43}$")]


class InitialTokenPage(Wire):
    """`GET /v1/initial-access-tokens`."""

    initial_access_tokens: tuple[InitialToken, ...]


class Registration(Wire):
    """A client that registered itself."""

    client: Client
    state: RegistrationState
    registered_by: Code
    """`publisher:<id>` or `initial-token:<id>`."""
    software_id: SoftwareId | None = None
    software_version: SoftwareVersion | None = None
    contacts: tuple[Contact, ...] = ()
    decided_at: Instant | None = None


class RegistrationPage(Wire):
    """`GET /v1/registrations`."""

    registrations: tuple[Registration, ...]
