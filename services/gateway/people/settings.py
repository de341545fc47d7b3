"""What the gateway is told about the sign-in of people: the agency's OpenID provider, and which of its words give which role here."""

from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from services.gateway.people.roles import Role
from shared.settings import ServiceSettings

Algorithm = Literal["RS256", "PS256", "ES256", "EdDSA"]
"""Of an id_token. "Ed25519" (RFC 9864) is taken where "EdDSA" is pinned: two names of one algorithm."""

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
OF_MANY_TENANTS = ("/common/", "/organizations/", "/consumers/", "{tenantid}")


class PeopleSettings(ServiceSettings):
    """Settings of people's sign-in. Without `people_issuer` nobody signs in at a provider."""

    people_issuer: Annotated[
        str | None,
        Field(
            max_length=200, description="Issuer URL of the agency's OpenID provider, with the tenant in it; left out: no person signs in."
        ),
    ] = None
    people_client_id: Annotated[str | None, Field(max_length=200, description="The node's client id at that provider.")] = None
    people_client_key_file: Annotated[
        Path | None,
        Field(description="Private JWK (mode 0600) with which the node proves to the provider who it is (`private_key_jwt`)."),
    ] = None
    people_client_credential_file: Annotated[
        Path | None,
        Field(description="File with a shared secret (mode 0600) instead, for a provider that does not know `private_key_jwt`."),
    ] = None
    people_authorities_file: Annotated[
        Path | None,
        Field(description="PEM file of the only certificate authorities believed for that provider's https; else the system's."),
    ] = None
    people_signing_algorithm: Annotated[Algorithm, Field(description="The one algorithm of the provider's id_tokens.")] = "RS256"
    people_role_claim: Annotated[
        str, Field(min_length=1, max_length=100, description="Claim of the id_token that says what a person is: a word or a list of them.")
    ] = "roles"
    people_roles: Annotated[
        dict[str, Role],
        Field(
            max_length=100, description="Role here by a word of that claim; who has no such word does not come in, nor who has two roles."
        ),
    ] = {}  # noqa: RUF012 pydantic copies it
    people_organisation_claim: Annotated[
        str,
        Field(min_length=1, max_length=100, description="Claim with a district officer's district: its id here, NCES id or state's id."),
    ] = "organisation"
    people_scope: Annotated[
        str, Field(min_length=6, max_length=400, description="Scopes asked of the provider, separated by spaces; `openid` among them.")
    ] = "openid profile"
    people_strong_acr: Annotated[
        tuple[str, ...],
        Field(max_length=10, description="Values of `acr` that count as strong; a step-up asks for them. Empty: any, if it is recent."),
    ] = ()
    people_step_up_seconds: Annotated[
        int, Field(ge=60, le=3600, description="How long ago a person may have proved who they are where a step-up is needed.")
    ] = 300
    people_idle_seconds: Annotated[int, Field(ge=60, le=3600, description="A session ends when nothing was asked for so long.")] = 900
    people_session_seconds: Annotated[int, Field(ge=300, le=43_200, description="A session ends after so long in any case.")] = 28_800
    people_links: Annotated[
        bool,
        Field(description="Let the operator in by the one-time links of `safepassage-node console`; an embedded node does."),
    ] = False

    def gives(self, role: str, granted_by: str | None) -> bool:
        """Whether somebody has a role still: by a word of the provider's, by none (a one-time link), or by one that was not kept."""
        if granted_by is None:
            return role in self.people_roles.values() or (role == "operator" and self.people_links)
        return self.people_roles.get(granted_by) == role if granted_by else self.people_links

    @model_validator(mode="after")
    def _people_whole(self) -> Self:
        if self.people_issuer is None:
            return self
        parts = urlsplit(self.people_issuer)
        secure = parts.scheme == "https" or (self.insecure_development and parts.scheme == "http" and parts.hostname in LOOPBACK)
        if not secure or not parts.hostname or parts.query or parts.fragment or parts.username is not None:
            raise ValueError("people_issuer must be an https URL without query (http on loopback with insecure_development)")
        if any(word in f"{self.people_issuer}/".lower() for word in OF_MANY_TENANTS):
            raise ValueError("people_issuer must name one tenant: put the tenant's id where it says common")
        if self.people_client_id is None or not self.people_roles:
            raise ValueError("people_issuer needs people_client_id and people_roles")
        if (self.people_client_key_file is None) == (self.people_client_credential_file is None):
            raise ValueError("give people_client_key_file, or people_client_credential_file where the provider can do no better")
        if "openid" not in self.people_scope.split(" "):
            raise ValueError("people_scope must contain openid")
        return self
