"""OAuth clients: an information system, a vendor's application or another program of one organisation, known by its public keys."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from safepassage.wire import Base64Url, Code, Instant, Name, Wire

ClientKind = Literal["information-system", "application", "portal", "operations"]
"""What the program is: an SIS or SLDS; a vendor's; the agency's own portal for parents; monitoring, exports, administration."""

Scope = Annotated[str, StringConstraints(pattern=r"^([a-z]+(:[a-z]+)+|https://purl\.imsglobal\.org/spec/[a-z0-9/.-]+)$", max_length=100)]
"""A scope of the node's vocabulary (`scopes_supported` of its metadata); those of OneRoster are URLs."""

AssertionAudience = Literal["issuer", "token-url"]
"""What the client's assertions name as their audience: the issuer (FAPI 2.0, a minute at the most) or the token endpoint's URL (SMART
Backend Services, five minutes). One of them, never both."""

Resource = Annotated[str, StringConstraints(pattern=r"^https://[a-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._~/-]*)?$", max_length=200)]
"""An absolute URL without query or fragment (RFC 8707 section 2)."""

Scopes = Annotated[tuple[Scope, ...], Field(min_length=1, max_length=32)]
Purposes = Annotated[tuple[Code, ...], Field(max_length=20)]


class ClientJwk(Wire):
    """A public key of a client (RFC 7517), inline: no `jku`, no certificate. One key, one `kid`, one algorithm."""

    kty: Literal["OKP", "EC", "RSA"]
    kid: Annotated[str, StringConstraints(pattern=r"^[!-~]{1,128}$")]
    alg: Literal["Ed25519", "EdDSA", "ES256", "PS256"] | None = None
    """By default the one that fits the key: Ed25519, ES256 (P-256), PS256 (RSA of 2,048 to 4,096 bits)."""
    use: Literal["sig"] = "sig"
    key_ops: tuple[Literal["verify"], ...] | None = None
    crv: Literal["Ed25519", "P-256"] | None = None
    x: Base64Url | None = None
    y: Base64Url | None = None
    n: Base64Url | None = None
    e: Base64Url | None = None


class JwkSet(Wire):
    """Two keys or more while one replaces another."""

    keys: Annotated[tuple[ClientJwk, ...], Field(min_length=1, max_length=8)]


MayExchange = Annotated[tuple[UUID, ...], Field(max_length=20)]
"""Clients of the same organisation, or of one below it, of whose tokens a client may make its own (RFC 8693), never with more."""


class NewClient(Wire):
    """What an operator says of a client: `POST /v1/clients`."""

    organisation_id: UUID
    name: Name
    kind: ClientKind
    role: Code
    """What it does for its organisation, as the log shows it: `registrar`, `assessment-provider`, ..."""
    scopes: Scopes
    """All that its tokens may ever have; each token asks for what it needs of them."""
    purposes: Purposes = ()
    """All that its tokens may ever be for; each token has one at the most (RFC 9396)."""
    jwks: JwkSet
    assertion_audience: AssertionAudience = "issuer"
    resource: Resource | None = None
    """What a resource server outside of the node is known by (RFC 8707): tokens are made for it, and it may ask about those (RFC 7662)."""
    may_exchange: MayExchange = ()


class Client(NewClient):
    """A registered client. Its id is its OAuth `client_id`."""

    id: UUID
    version: Annotated[int, Field(ge=1)]
    created_at: Instant
    disabled_at: Instant | None = None


class ClientPage(Wire):
    """`GET /v1/clients`."""

    clients: tuple[Client, ...]


class ClientGrants(Wire):
    """`PUT /v1/clients/{id}/grants`: what its tokens may have from now on. Tokens that are out keep what they have until they expire."""

    version: Annotated[int, Field(ge=1)]
    """The version that was read; another one meanwhile is a conflict."""
    scopes: Scopes
    purposes: Purposes = ()
    may_exchange: MayExchange = ()


class ClientKeys(Wire):
    """`PUT /v1/clients/{id}/keys`: replaces the keys. Tokens that were asked for with a key that is gone count no more."""

    version: Annotated[int, Field(ge=1)]
    jwks: JwkSet
