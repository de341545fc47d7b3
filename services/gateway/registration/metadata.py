"""What a client says of itself when it registers (RFC 7591 section 2). What a software statement says counts instead of what the body says.

Members that this node does not know are ignored, as the standard wants; those that it knows are read strictly.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from safepassage.canonical import json_object
from safepassage.problems import SuiteError
from safepassage.wire import Name
from safepassage.wire_clients import GrantTypes, JwkSet, Purposes, RedirectUris, TlsSubject
from safepassage.wire_registrations import Contact, SoftwareId, SoftwareVersion
from services.gateway.oauth.client_certificates import require_subject
from services.gateway.oauth.client_keys import client_keys
from services.gateway.oauth.codes.redirects import is_loopback
from services.gateway.registration.registration_errors import (
    MetadataRefused,
    RedirectRefused,
    RegistrationRefused,
    StatementRefused,
)
from shared.outbound.urls import UrlRefused, public_url

NEVER_SENT: Final = frozenset({"registration_access_token", "registration_client_uri", "client_secret_expires_at", "client_id_issued_at"})
"""An update must not hold these (RFC 7592 section 2.2)."""
MOST_SCOPES: Final = 32
SUBJECT: Final = "tls_client_auth_"
"""Of which one of five members names the certificate (RFC 8705 section 2.1.2)."""

CertificateName = Annotated[str, StringConstraints(min_length=1, max_length=300)]


def _each_once(values: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(values)) != len(values):
        raise ValueError("each once")
    return values


class ClientMetadata(BaseModel):
    """The members that this node knows."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    client_name: Name
    scope: Annotated[str, StringConstraints(pattern=r"^[!#-\[\]-~]+( [!#-\[\]-~]+)*$", max_length=2000)]
    purposes: Purposes = ()
    """Of our own: what its tokens may be for."""
    organisation_id: UUID | None = None
    """Of our own: the organisation whose client it is."""
    jwks: JwkSet | None = None
    jwks_uri: Annotated[str, StringConstraints(max_length=500)] | None = None
    token_endpoint_auth_method: Literal["private_key_jwt", "tls_client_auth"] = "private_key_jwt"  # noqa: S105 the name of a method
    token_endpoint_auth_signing_alg: Literal["Ed25519", "EdDSA", "ES256", "PS256"] | None = None
    tls_client_auth_subject_dn: CertificateName | None = None
    tls_client_auth_san_dns: CertificateName | None = None
    tls_client_auth_san_uri: CertificateName | None = None
    tls_client_auth_san_ip: CertificateName | None = None
    tls_client_auth_san_email: CertificateName | None = None
    grant_types: Annotated[GrantTypes, AfterValidator(_each_once)] = ("client_credentials",)
    response_types: Annotated[tuple[Literal["code"], ...], Field(max_length=1)] | None = None
    redirect_uris: Annotated[RedirectUris, AfterValidator(_each_once)] = ()
    software_id: SoftwareId | None = None
    software_version: SoftwareVersion | None = None
    contacts: Annotated[tuple[Contact, ...], Field(max_length=5)] = ()

    @property
    def scopes(self) -> tuple[str, ...]:
        """Each once, in order."""
        return tuple(sorted(set(self.scope.split(" "))))

    @property
    def by_certificate(self) -> bool:
        """Whether a certificate proves who it is, instead of an assertion."""
        return self.token_endpoint_auth_method != "private_key_jwt"  # noqa: S105 the name of a method

    @property
    def acts_for_people(self) -> bool:
        """Whether people are asked to let it act for them."""
        return "authorization_code" in self.grant_types

    @property
    def tls_subject(self) -> TlsSubject | None:
        """The name of its certificate, where it authenticates by one."""
        said = [(name, value) for name, value in self if name.startswith(SUBJECT) and value is not None]
        return TlsSubject.model_validate({"kind": said[0][0].removeprefix(SUBJECT), "value": said[0][1]}) if said else None


def read_body(body: bytes, *, content_type: str) -> dict[str, Any]:
    """The members of a request, those that are null left out (RFC 7592 section 2.2). Raises MetadataRefused."""
    if content_type.partition(";")[0].strip().lower() != "application/json":
        raise MetadataRefused("registration-malformed", "the body is application/json")
    try:
        members = json_object(body)
    except ValueError as error:
        raise MetadataRefused("registration-malformed", "the body is a JSON object with each member once") from error
    return {name: value for name, value in members.items() if value is not None}


def client_metadata(body: Mapping[str, Any], stated: Mapping[str, Any] | None = None, *, development: bool = False) -> ClientMetadata:
    """What counts of a request, in which a verified statement says `stated`.

    development  whether people may be sent back to loopback addresses

    # INVARIANT: of what the statement says the body changes nothing; what proves who the client is comes from one of them, never from
    # both; and where there is a statement, it alone says where people are sent back to.

    Raises MetadataRefused, StatementRefused, RedirectRefused.
    """
    members = dict(body)
    if stated is not None:
        if body.get("redirect_uris") and "redirect_uris" not in stated:
            raise RedirectRefused("redirect_uris are those of the software statement, which says none")
        if any(_proves(name) for name in stated):
            members = {name: value for name, value in members.items() if not _proves(name)}
        members |= {name: value for name, value in stated.items() if name in ClientMetadata.model_fields and value is not None}
    try:
        metadata = ClientMetadata.model_validate(members)
    except ValidationError as error:
        raise _refused(error, stated or {}) from error
    if len(metadata.scopes) > MOST_SCOPES:
        raise MetadataRefused("registration-scope", f"{MOST_SCOPES} scopes at the most")
    if metadata.by_certificate:
        _require_certificate_name(metadata)
    else:
        _require_keys(metadata)
    _require_grants(metadata, development=development)
    return metadata


def _proves(name: str) -> bool:
    return name in ("jwks", "jwks_uri") or name.startswith(SUBJECT)


def _refused(error: ValidationError, stated: Mapping[str, Any]) -> RegistrationRefused:
    names = {str(one["loc"][0]) for one in error.errors() if one["loc"]}
    known = ", ".join(sorted(names & ClientMetadata.model_fields.keys())) or "the metadata"
    if names & stated.keys():
        return StatementRefused("registration-metadata", f"not of a form or value that is taken here: {known}")
    if names == {"redirect_uris"}:
        return RedirectRefused("each of redirect_uris is an https URL without user and fragment, once, and there are ten at the most")
    return MetadataRefused("registration-metadata", f"not of a form or value that is taken here: {known}")


def _require_keys(metadata: ClientMetadata) -> None:
    if metadata.tls_subject is not None:
        raise MetadataRefused("registration-certificate", f"{SUBJECT}* is of a client that authenticates by tls_client_auth")
    if (metadata.jwks is None) == (metadata.jwks_uri is None):
        raise MetadataRefused("registration-keys", "jwks or jwks_uri, one of them, is needed")
    try:
        if metadata.jwks is not None:
            client_keys(metadata.jwks)
        else:
            public_url(str(metadata.jwks_uri))
    except SuiteError as error:
        raise MetadataRefused("registration-keys", error.detail or "jwks holds a key that cannot be used") from error
    except UrlRefused as error:
        raise MetadataRefused("registration-keys", "jwks_uri is an https URL without user, query, fragment or escapes") from error


def _require_certificate_name(metadata: ClientMetadata) -> None:
    """RFC 8705 section 2.1.2: exactly one of the members; keys it has none."""
    if metadata.jwks is not None or metadata.jwks_uri is not None:
        raise MetadataRefused("registration-keys", "a client that authenticates by its certificate registers no keys")
    if sum(name.startswith(SUBJECT) and value is not None for name, value in metadata) != 1 or metadata.tls_subject is None:
        raise MetadataRefused("registration-certificate", f"one of {SUBJECT}subject_dn, san_dns, san_uri, san_ip and san_email is needed")
    try:
        require_subject(metadata.tls_subject)
    except ValueError as error:
        raise MetadataRefused("registration-certificate", f"{SUBJECT}{metadata.tls_subject.kind} is not a name of that kind") from error


def _require_grants(metadata: ClientMetadata, *, development: bool) -> None:
    """What belongs together, as of a client that an administrator registers."""
    if "refresh_token" in metadata.grant_types and not metadata.acts_for_people:
        raise MetadataRefused("registration-grants", "refresh_token needs authorization_code")
    if metadata.acts_for_people != bool(metadata.redirect_uris):
        raise MetadataRefused("registration-grants", "authorization_code and redirect_uris need each other")
    if metadata.response_types is not None and metadata.acts_for_people != bool(metadata.response_types):
        raise MetadataRefused("registration-grants", "response_types is code with authorization_code, and nothing without")
    if not development and any(is_loopback(uri) for uri in metadata.redirect_uris):
        raise RedirectRefused("only a node in development sends people to loopback addresses")
