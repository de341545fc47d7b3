"""What each client completes at a real node, by which of its own calls: the table of docs/oauth.md.

`python -m tests.npm.flows` prints it.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Done:
    """In which script, and by which call of the library."""

    script: str
    call: str


@dataclass(frozen=True)
class Flow:
    """A flow, and how each client completes it; None: it does not."""

    name: str
    openid_client: Done | None
    oauth4webapi: Done | None


def _flow(name: str, openid_client: tuple[str, str] | None, oauth4webapi: tuple[str, str] | None) -> Flow:
    return Flow(name, openid_client and Done(*openid_client), oauth4webapi and Done(*oauth4webapi))


FLOWS: Final = [
    _flow("metadata of the node (RFC 8414)", ("openid_configured", "discovery"), ("oauth4webapi", "processDiscoveryResponse")),
    _flow("metadata of its resources (RFC 9728)", None, ("oauth4webapi", "processResourceDiscoveryResponse")),
    _flow(
        "a token by a signed assertion, bound to a key, nonces when asked (RFC 7523, 9449)",
        ("openid_client", "clientCredentialsGrant"),
        ("oauth4webapi", "clientCredentialsGrantRequest"),
    ),
    _flow(
        "the same with the token endpoint as audience (SMART)",
        ("openid_client", "modifyAssertion"),
        ("oauth4webapi", "modifyAssertion"),
    ),
    _flow("a call with a token and a proof", ("openid_client", "fetchProtectedResource"), ("oauth4webapi", "protectedResourceRequest")),
    _flow("a token read by a server outside of the node (RFC 9068)", None, ("oauth4webapi", "validateJwtAccessToken")),
    _flow("introspection (RFC 7662)", ("openid_client", "tokenIntrospection"), ("oauth4webapi", "introspectionRequest")),
    _flow(
        "its answer, signed (RFC 9701)",
        ("openid_client", "enableNonRepudiationChecks"),
        ("oauth4webapi", "validateApplicationLevelSignature"),
    ),
    _flow("revocation (RFC 7009)", ("openid_client", "tokenRevocation"), ("oauth4webapi", "revocationRequest")),
    _flow("revocation of a refresh token", ("openid_client_person", "tokenRevocation"), ("oauth4webapi_person", "revocationRequest")),
    _flow("token exchange (RFC 8693)", ("openid_client", "genericGrantRequest"), ("oauth4webapi", "genericTokenEndpointRequest")),
    _flow(
        "a pushed request (RFC 9126), a person's answer with `iss` (RFC 9207), the code with PKCE (RFC 7636)",
        ("openid_client_person", "buildAuthorizationUrlWithPAR"),
        ("oauth4webapi_asking", "pushedAuthorizationRequest"),
    ),
    _flow("refresh with rotation", ("openid_client_person", "refreshTokenGrant"), ("oauth4webapi_person", "refreshTokenGrantRequest")),
    _flow(
        "step-up: told what is wanted, asked anew, let through (RFC 9470)",
        ("openid_client_step_up", "fetchProtectedResource"),
        ("oauth4webapi_asking", "protectedResourceRequest"),
    ),
    _flow("registration (RFC 7591)", ("registering", "dynamicClientRegistration"), ("registering", "dynamicClientRegistrationRequest")),
    _flow(
        "its management: read, changed, ended (RFC 7592)",
        ("registering", "fetchProtectedResource"),
        ("registering", "protectedResourceRequest"),
    ),
    _flow(
        "a certificate, of an authority or signed by the client, and tokens bound to it (RFC 8705)",
        ("openid_client_certificate", "TlsClientAuth"),
        ("oauth4webapi_certificate", "TlsClientAuth"),
    ),
    _flow(
        "a secret, by Basic (RFC 6749 section 2.3.1)",
        ("openid_client_secret", "ClientSecretBasic"),
        ("oauth4webapi_secret", "ClientSecretBasic"),
    ),
    _flow("a secret, in the form", ("openid_client_secret", "ClientSecretPost"), ("oauth4webapi_secret", "ClientSecretPost")),
]
LIBRARIES: Final = {"openid-client": "client", "oauth4webapi": "oauth"}
"""Under which name the scripts import each."""


def table() -> str:
    """Markdown."""
    rows = [f"| {one.name} | {_cell(one.openid_client)} | {_cell(one.oauth4webapi)} |" for one in FLOWS]
    return "\n".join(["| flow | openid-client | oauth4webapi |", "|---|---|---|", *rows])


def _cell(done: Done | None) -> str:
    return "" if done is None else f"`{done.call}`"


if __name__ == "__main__":
    print(table())  # noqa: T201 what it is for
