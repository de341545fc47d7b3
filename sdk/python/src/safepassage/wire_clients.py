"""OAuth clients: an information system, a vendor's application or another program of one organisation, known by its public keys."""

from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from safepassage.wire import Base64Url, Code, Digest, Instant, Name, Wire

ClientKind = Literal["information-system", "application", "portal", "operations"]
"""What the program is: an SIS or SLDS; a vendor's; the agency's own portal for parents; monitoring, exports, administration."""

Scope = Annotated[str, StringConstraints(pattern=r"^([a-z]+(:[a-z]+)+|https://purl\.imsglobal\.org/spec/[a-z0-9/.-]+)$", max_length=100)]
"""A scope of the node's vocabulary (`scopes_supported` of its metadata); those of OneRoster are URLs."""

AssertionAudience = Literal["issuer", "token-url"]
"""What the client's assertions name as their audience: the issuer (FAPI 2.0, a minute at the most) or the token endpoint's URL (SMART
Backend Services, five minutes). One of them, never both."""

Resource = Annotated[str, StringConstraints(pattern=r"^https://[a-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._~/-]*)?$", max_length=200)]
"""An absolute URL without query or fragment (RFC 8707 section 2)."""

RedirectUri = Annotated[
    str,
    StringConstraints(
        pattern=r"^(https://[a-z0-9.-]+(:[0-9]{1,5})?|http://(127\.0\.0\.1|\[::1\])(:[0-9]{1,5})?)/[A-Za-z0-9._~/%=&?-]*$", max_length=500
    ),
]
"""Where a person is sent back to: compared as it is written, without fragment. A loopback address stands for all of its ports (RFC 8252
section 7.3); only a node in development takes one."""

GrantType = Literal["client_credentials", "authorization_code", "refresh_token"]
"""How the client gets tokens: for itself, for a person who agrees, and for that person again."""

RedirectUris = Annotated[tuple[RedirectUri, ...], Field(max_length=10)]
GrantTypes = Annotated[tuple[GrantType, ...], Field(min_length=1, max_length=3)]

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


AuthenticationMethod = Literal["private_key_jwt", "tls_client_auth", "self_signed_tls_client_auth", "client_secret"]
"""How a client proves who it is, in this way and no other. `client_secret`: of systems that can do no better, where the node allows it."""

Network = Annotated[str, StringConstraints(pattern=r"^[0-9a-f.:]{2,45}(/[0-9]{1,3})?$", max_length=49)]
"""An address or a network, as `192.0.2.0/28`."""


class TlsSubject(Wire):
    """The one name by which a certificate is a client's (RFC 8705 section 2.1.2)."""

    kind: Literal["subject_dn", "san_dns", "san_uri", "san_ip", "san_email"]
    value: Annotated[str, StringConstraints(min_length=1, max_length=300)]
    """A distinguished name as RFC 4514 writes it, or a subject alternative name."""


TlsCertificates = Annotated[tuple[Digest, ...], Field(max_length=4)]
"""`x5t#S256` of certificates, two or more while one replaces another."""


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
    authentication: AuthenticationMethod = "private_key_jwt"
    jwks: JwkSet | None = None
    """Of a client that signs its assertions."""
    tls_subject: TlsSubject | None = None
    """Of a client with a certificate that an authority of the node's settings issued."""
    tls_certificates: TlsCertificates = ()
    """Of a client that signed its certificate itself."""
    addresses: Annotated[tuple[Network, ...], Field(max_length=8)] = ()
    """Of a client with a secret: whence alone it comes."""
    agreement_id: UUID | None = None
    """The agreement that its tokens are for where none is asked for, as of a client that knows nothing of authorization details."""
    assertion_audience: AssertionAudience = "issuer"
    resource: Resource | None = None
    """What a resource server outside of the node is known by (RFC 8707): tokens are made for it, and it may ask about those (RFC 7662)."""
    may_exchange: MayExchange = ()
    redirect_uris: RedirectUris = ()
    grant_types: GrantTypes = ("client_credentials",)
    """`client_credentials` is always one of them, but of a client that registered itself; `authorization_code` needs a redirect URI,
    `refresh_token` needs that."""

    @model_validator(mode="after")
    def _of_one_method(self) -> Self:
        if (self.authentication == "private_key_jwt") != (self.jwks is not None):
            raise ValueError("jwks: of a client that authenticates by private_key_jwt, and of no other")
        if (self.authentication == "tls_client_auth") != (self.tls_subject is not None):
            raise ValueError("tls_subject: of a client that authenticates by tls_client_auth, and of no other")
        if (self.authentication == "self_signed_tls_client_auth") != bool(self.tls_certificates):
            raise ValueError("tls_certificates: of a client that authenticates by self_signed_tls_client_auth, and of no other")
        if (self.authentication == "client_secret") != bool(self.addresses):
            raise ValueError("addresses: of a client with a secret, and of no other")
        return self


class Client(NewClient):
    """A registered client. Its id is its OAuth `client_id`."""

    id: UUID
    version: Annotated[int, Field(ge=1)]
    created_at: Instant
    disabled_at: Instant | None = None
    jwks_uri: Annotated[str, StringConstraints(max_length=500)] | None = None
    """Where `jwks` was got from, and is got again (only of clients that registered themselves)."""


class ClientPage(Wire):
    """`GET /v1/clients`."""

    clients: tuple[Client, ...]


class ClientGrants(Wire):
    """`PUT /v1/clients/{id}/grants`: what its tokens may have from now on. Tokens that are out and say more count no more at once;
    what people let it do and is no longer within it ends."""

    version: Annotated[int, Field(ge=1)]
    """The version that was read; another one meanwhile is a conflict."""
    scopes: Scopes
    purposes: Purposes = ()
    may_exchange: MayExchange = ()


class ClientKeys(Wire):
    """`PUT /v1/clients/{id}/keys`: replaces the keys, or what stands in their place. Tokens that were asked for with what is gone
    count no more."""

    version: Annotated[int, Field(ge=1)]
    jwks: JwkSet | None = None
    tls_certificates: TlsCertificates = ()
    """Of a client that signed its certificate itself, in place of keys."""
    tls_subject: TlsSubject | None = None
    """Of a client whose certificate an authority issued."""


class ClientSecret(Wire):
    """A secret of a client, which the node does not know: only what it can be compared by."""

    id: UUID
    created_at: Instant


class ClientSecrets(Wire):
    """`GET /v1/clients/{id}/secrets`: two at the most, while one replaces the other."""

    secrets: tuple[ClientSecret, ...]


class NewClientSecret(ClientSecret):
    """`POST /v1/clients/{id}/secrets`: shown here, and never again."""

    secret: Annotated[str, Field(repr=False, min_length=64, max_length=64)]
