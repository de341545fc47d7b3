"""The authorization server for machines: Authlib's framework-neutral core on plain objects.

Client and keys are loaded before, the result is written after, so nothing here waits or stores. Authlib has the parameter rules of the
grant and the error documents; authentication, proof of possession, token and key handling are this service's.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from authlib.oauth2.rfc6749 import AuthorizationServer
from authlib.oauth2.rfc6749.grants import ClientCredentialsGrant
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload, OAuth2Request

from services.gateway.oauth.authorization_details import Registered, grant_details
from services.gateway.oauth.known_clients import KnownClient
from services.gateway.oauth.oauth_errors import (
    ClientNotAuthenticated,
    ClientNotInForce,
    GrantTypeNotSupported,
    ScopeNotGranted,
    TokenRequestInvalid,
)

MOST_SCOPES: Final = 32


class TokenRequest(OAuth2Request):
    """A token request of a client that was authenticated already, with the key that its proof was made by."""

    def __init__(self, issuer: str, form: Mapping[str, str], *, client: KnownClient | None, jkt: str, audience: str, today: date) -> None:
        super().__init__("POST", f"{issuer}/oauth/token")
        self.payload = BasicOAuth2Payload(dict(form))
        self.authenticated, self.jkt, self.audience, self.today = client, jkt, audience, today
        self.granted_scope: str = ""
        self.details: Any = None

    @property
    def form(self) -> Any:
        """The parameters, each of which came once."""
        return self.payload.data


def scopes_asked_for(requested: str | None, client: KnownClient) -> list[str]:
    """Exactly the scopes asked for, or all that the client is registered for. Raises ScopeNotGranted."""
    scopes = sorted(client.scopes) if requested is None else requested.split(" ")
    if not scopes or len(scopes) > MOST_SCOPES or len(set(scopes)) != len(scopes) or not client.scopes.issuperset(scopes):
        raise ScopeNotGranted("a scope is unknown, malformed, or not registered for this client")
    return scopes


class MachineGrant(ClientCredentialsGrant):
    """client_credentials (RFC 6749 section 4.4) with scopes that are granted whole or not at all."""

    TOKEN_ENDPOINT_AUTH_METHODS = ("private_key_jwt",)

    def validate_requested_scope(self) -> None:
        """Exactly the scopes asked for, or all that the client is registered for. Raises ScopeNotGranted."""
        client: KnownClient = self.request.client
        if not client.in_force:
            raise ClientNotInForce("the client or its organization is not in force")
        self.request.granted_scope = " ".join(scopes_asked_for(self.request.payload.scope, client))
        self.request.details = grant_details(
            self.request.payload.data.get("authorization_details"),
            registered=Registered(client.purposes, client.organisation_id, client.role, client.agreement_id),
            audience=self.request.audience,
            today=self.request.today,
        )

    def create_token_response(self) -> tuple[int, TokenRequest, Any]:
        """The validated request: the token is made by who stores that it was made."""
        return 200, self.request, self.TOKEN_RESPONSE_HEADER


class MachineServer(AuthorizationServer):
    """One grant, one authentication method, no store."""

    def __init__(self) -> None:
        super().__init__()
        self.register_grant(MachineGrant)
        self.register_client_auth_method("private_key_jwt", _authenticated)

    def grant(self, request: TokenRequest) -> TokenRequest:
        """Check a request. Gives it with what is granted. Raises OAuth2Error."""
        grant = self.get_token_grant(request)
        grant.validate_token_request()
        validated: TokenRequest = grant.create_token_response()[1]
        return validated

    def get_token_grant(self, request: TokenRequest) -> Any:
        """The grant. Raises TokenRequestInvalid, GrantTypeNotSupported."""
        if request.payload.grant_type is None:
            raise TokenRequestInvalid("grant_type is needed")
        if request.payload.grant_type != MachineGrant.GRANT_TYPE:
            raise GrantTypeNotSupported
        return super().get_token_grant(request)

    def query_client(self, client_id: str) -> None:
        """Never asked: the client is loaded before."""
        raise NotImplementedError

    def send_signal(self, name: str, *args: Any, **kwargs: Any) -> None:
        """Nobody listens."""


def _authenticated(_: Any, request: TokenRequest) -> KnownClient:
    if request.authenticated is None:
        raise ClientNotAuthenticated("unknown-client")
    return request.authenticated
