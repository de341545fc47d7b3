"""What a client says of itself when it registers (RFC 7591 section 2). What a software statement says counts instead of what the body says.

Members that this node does not know are ignored, as the standard wants; those that it knows are read strictly.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from safepassage.canonical import json_object
from safepassage.problems import SuiteError
from safepassage.wire import Name
from safepassage.wire_clients import JwkSet, Purposes
from safepassage.wire_registrations import Contact, SoftwareId, SoftwareVersion
from services.gateway.oauth.client_keys import client_keys
from services.gateway.registration.registration_errors import MetadataRefused, RegistrationRefused, StatementRefused
from shared.outbound.urls import UrlRefused, public_url

NEVER_SENT: Final = frozenset({"registration_access_token", "registration_client_uri", "client_secret_expires_at", "client_id_issued_at"})
"""An update must not hold these (RFC 7592 section 2.2)."""
MOST_SCOPES: Final = 32


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
    token_endpoint_auth_method: Literal["private_key_jwt"] = "private_key_jwt"  # noqa: S105 the name of a method
    token_endpoint_auth_signing_alg: Literal["Ed25519", "EdDSA", "ES256", "PS256"] | None = None
    grant_types: Annotated[tuple[Literal["client_credentials"], ...], Field(min_length=1, max_length=1)] = ("client_credentials",)
    response_types: Annotated[tuple[str, ...], Field(max_length=0)] = ()
    redirect_uris: Annotated[tuple[str, ...], Field(max_length=0)] = ()
    software_id: SoftwareId | None = None
    software_version: SoftwareVersion | None = None
    contacts: Annotated[tuple[Contact, ...], Field(max_length=5)] = ()

    @property
    def scopes(self) -> tuple[str, ...]:
        """Each once, in order."""
        return tuple(sorted(set(self.scope.split(" "))))


def read_body(body: bytes, *, content_type: str) -> dict[str, Any]:
    """The members of a request, those that are null left out (RFC 7592 section 2.2). Raises MetadataRefused."""
    if content_type.partition(";")[0].strip().lower() != "application/json":
        raise MetadataRefused("registration-malformed", "the body is application/json")
    try:
        members = json_object(body)
    except ValueError as error:
        raise MetadataRefused("registration-malformed", "the body is a JSON object with each member once") from error
    return {name: value for name, value in members.items() if value is not None}


def client_metadata(body: Mapping[str, Any], stated: Mapping[str, Any] | None = None) -> ClientMetadata:
    """What counts of a request, in which a verified statement says `stated`.

    # INVARIANT: of what the statement says the body changes nothing; keys come from one of them, never from both.

    Raises MetadataRefused, StatementRefused.
    """
    members = dict(body)
    if stated is not None:
        if {"jwks", "jwks_uri"} & stated.keys():
            members = {name: value for name, value in members.items() if name not in ("jwks", "jwks_uri")}
        members |= {name: value for name, value in stated.items() if name in ClientMetadata.model_fields and value is not None}
    try:
        metadata = ClientMetadata.model_validate(members)
    except ValidationError as error:
        raise _refused(error, stated or {}) from error
    if (metadata.jwks is None) == (metadata.jwks_uri is None):
        raise MetadataRefused("registration-keys", "jwks or jwks_uri, one of them, is needed")
    if len(metadata.scopes) > MOST_SCOPES:
        raise MetadataRefused("registration-scope", f"{MOST_SCOPES} scopes at the most")
    if metadata.jwks is not None:
        _require_keys(metadata.jwks)
    else:
        _require_url(str(metadata.jwks_uri))
    return metadata


def _refused(error: ValidationError, stated: Mapping[str, Any]) -> RegistrationRefused:
    names = {str(one["loc"][0]) for one in error.errors() if one["loc"]}
    known = ", ".join(sorted(names & ClientMetadata.model_fields.keys())) or "the metadata"
    kind = StatementRefused if names & stated.keys() else MetadataRefused
    return kind("registration-metadata", f"not of a form or value that is taken here: {known}")


def _require_keys(jwks: JwkSet) -> None:
    try:
        client_keys(jwks)
    except SuiteError as error:
        raise MetadataRefused("registration-keys", error.detail or "jwks holds a key that cannot be used") from error


def _require_url(url: str) -> None:
    try:
        public_url(url)
    except UrlRefused as error:
        raise MetadataRefused("registration-keys", "jwks_uri is an https URL without user, query, fragment or escapes") from error
