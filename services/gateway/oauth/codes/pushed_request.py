"""What an authorization request may say (RFC 9126, RFC 7636, RFC 9396, RFC 8707, RFC 9470): read once, where the client pushes it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from services.gateway.oauth.authorization_details import Registered, StudentDataAccess, grant_details
from services.gateway.oauth.authorization_server import scopes_asked_for
from services.gateway.oauth.codes.challenge import read_challenge
from services.gateway.oauth.codes.redirects import is_registered
from services.gateway.oauth.known_clients import KnownClient
from services.gateway.oauth.oauth_errors import (
    AuthorizationRequestRefused,
    ClientNotInForce,
    DetailsRefused,
    GrantTypeNotRegistered,
    ProofRefused,
    ResponseTypeNotSupported,
)

LONGEST_STATE: Final = 512
LONGEST_MAX_AGE: Final = 86_400
_THUMBPRINT: Final = re.compile(r"[A-Za-z0-9_-]{43}")
_ACR_VALUES: Final = re.compile(r"[!-~]+( [!-~]+)*")


@dataclass(frozen=True)
class AuthorizationRequest:
    """An authorization request in which nothing is open but whether the person agrees."""

    redirect_uri: str
    state: str | None
    code_challenge: str
    jkt: str | None
    """Thumbprint of the key that the code and its tokens are bound to."""
    scopes: tuple[str, ...]
    details: StudentDataAccess | None
    acr_values: str | None
    max_age_seconds: int | None


def read_request(
    form: Mapping[str, str], *, client: KnownClient, proof_key: str | None, audience: str, development: bool, today: date
) -> AuthorizationRequest:
    """The request of an authenticated client.

    proof_key    thumbprint of the key that made the DPoP proof of this request; None where none came
    audience     whom its tokens are for
    development  whether a loopback `redirect_uri` counts

    Raises OAuth2Error, always to the client itself: nothing is sent to a `redirect_uri` that may be another's.
    """
    if "request" in form or "request_uri" in form:
        raise AuthorizationRequestRefused("request-object", "the parameters themselves are pushed: no request, no request_uri")
    if not client.in_force:
        raise ClientNotInForce("the client or its organization is not in force")
    if "authorization_code" not in client.grant_types:
        raise GrantTypeNotRegistered
    if "response_type" not in form:
        raise AuthorizationRequestRefused("response-type", "response_type is needed: code")
    if form["response_type"] != "code":
        raise ResponseTypeNotSupported
    if form.get("response_mode", "query") != "query":
        raise AuthorizationRequestRefused("response-mode", "response_mode is query")
    redirect_uri = form.get("redirect_uri", "")
    if not is_registered(redirect_uri, client.redirect_uris, development=development):
        raise AuthorizationRequestRefused("redirect-uri", "redirect_uri is needed, exactly one that is registered for this client")
    if len(form.get("state", "")) > LONGEST_STATE or len(form.get("nonce", "")) > LONGEST_STATE:
        raise AuthorizationRequestRefused("state", f"state and nonce have {LONGEST_STATE} characters at the most")
    if not form.get("state", "").isascii():
        raise AuthorizationRequestRefused("state", "state is ASCII")
    return AuthorizationRequest(
        redirect_uri,
        form.get("state"),
        read_challenge(form),
        _key(form.get("dpop_jkt"), proof_key),
        tuple(scopes_asked_for(form.get("scope"), client)),
        _details(form.get("authorization_details"), client, audience, today),
        _acr_values(form.get("acr_values")),
        _max_age(form.get("max_age")),
    )


def _key(said: str | None, proven: str | None) -> str | None:
    """The key that the code is bound to (RFC 9449 sections 10 and 10.1). None: the one whose proof comes with the code."""
    if said is not None and _THUMBPRINT.fullmatch(said) is None:
        raise AuthorizationRequestRefused("dpop-jkt", "dpop_jkt is the thumbprint of a key: 43 characters")
    if said is not None and proven is not None and said != proven:
        raise ProofRefused("dpop_jkt is another key's than the proof's")
    return proven or said


def _details(requested: str | None, client: KnownClient, audience: str, today: date) -> StudentDataAccess | None:
    registered = Registered(client.purposes, client.organisation_id, client.role)
    details = grant_details(requested, registered=registered, audience=audience, today=today)
    if details is None and client.purposes:
        raise DetailsRefused("a person agrees to one purpose: say in authorization_details for which")
    return details


def _acr_values(sent: str | None) -> str | None:
    if sent is not None and (len(sent) > 200 or _ACR_VALUES.fullmatch(sent) is None):
        raise AuthorizationRequestRefused("acr-values", "acr_values are words, separated by one space")
    return sent


def _max_age(sent: str | None) -> int | None:
    if sent is None:
        return None
    if not (sent.isascii() and sent.isdigit() and len(sent) <= 5 and int(sent) <= LONGEST_MAX_AGE):
        raise AuthorizationRequestRefused("max-age", f"max_age is whole seconds, {LONGEST_MAX_AGE} at the most")
    return int(sent)
