"""What the token endpoint answers when it refuses: OAuth's own error documents (RFC 6749 section 5.2, RFC 9449, RFC 9396).

A description never repeats what was sent. `reason` is what is counted and logged: a word of a closed list.
"""

from typing import Any

from authlib.oauth2.rfc6749.errors import (
    InvalidClientError,
    InvalidGrantError,
    InvalidRequestError,
    InvalidScopeError,
    OAuth2Error,
    UnauthorizedClientError,
    UnsupportedGrantTypeError,
)


class TokenRequestInvalid(InvalidRequestError):
    """The request has not the documented form."""

    reason = "malformed"


class SecondMethod(TokenRequestInvalid):
    """More than one way of authenticating, or another than private_key_jwt."""

    reason = "second-method"


class ClientNotAuthenticated(InvalidClientError):
    """The client did not prove who it is. Whether it exists is not told.

    `status_code` 401 without a `WWW-Authenticate` challenge: the credential is in the body, not in a header.
    """

    basic = False
    """The client tried by `Authorization: Basic`: only then it is answered with that challenge (RFC 6749 section 5.2)."""

    def __init__(self, reason: str, description: str = "client authentication failed") -> None:
        super().__init__(description, status_code=401)
        self.reason = reason

    def get_headers(self) -> Any:
        """Without Authlib's `Basic` challenge, but where the client came so."""
        challenge = [("WWW-Authenticate", 'Basic realm="safe-passage", charset="UTF-8"')] if self.basic else []
        return [*OAuth2Error.get_headers(self), *challenge]


class TooManyAttempts(OAuth2Error):
    """Who failed to authenticate waits before the next attempt."""

    error = "temporarily_unavailable"
    reason = "too-many-attempts"
    description = "too many attempts failed: wait"
    status_code = 429

    def __init__(self, retry_after_seconds: int) -> None:
        super().__init__()
        self._retry_after_seconds = retry_after_seconds

    def get_headers(self) -> Any:
        """When to try again."""
        return [*super().get_headers(), ("Retry-After", str(self._retry_after_seconds))]


class GrantTypeNotSupported(UnsupportedGrantTypeError):
    """None that this server has. Authlib's own description repeats what was sent."""

    reason = "grant-type"

    def __init__(self) -> None:
        super().__init__("")

    def get_error_description(self) -> str:
        """A constant."""
        return "grant_type is one of the metadata's grant_types_supported"


class ClientNotInForce(UnauthorizedClientError):
    """The client is authentic; it, or its organisation, is not in force."""

    reason = "not-in-force"


class GrantTypeNotRegistered(UnauthorizedClientError):
    """The client may not get tokens in this way."""

    reason = "grant-type-not-registered"

    def __init__(self) -> None:
        super().__init__("the client is not registered for this grant type")


class AuthorizationRequestRefused(InvalidRequestError):
    """A pushed authorization request that this server does not take (RFC 9126 section 2.3)."""

    def __init__(self, reason: str, description: str) -> None:
        super().__init__(description)
        self.reason = reason


class ResponseTypeNotSupported(OAuth2Error):
    """Another than `code`. Authlib's own description repeats what was sent."""

    error = "unsupported_response_type"
    reason = "response-type"
    description = "response_type is code"


class GrantRefused(InvalidGrantError):
    """A code or refresh token that gives nothing (RFC 6749 section 5.2). Whether another client has one like it is not told."""

    def __init__(self, reason: str, description: str) -> None:
        super().__init__(description)
        self.reason = reason


class ScopeNotGranted(InvalidScopeError):
    """A scope that this client may not have. Never a token with less than was asked for."""

    reason = "scope"


class ProofRefused(OAuth2Error):
    """The DPoP proof is missing or not valid (RFC 9449 section 5)."""

    error = "invalid_dpop_proof"
    reason = "proof"


class ProofNeedsNonce(OAuth2Error):
    """The DPoP proof has to hold the nonce of the DPoP-Nonce header (RFC 9449 section 8)."""

    error = "use_dpop_nonce"
    reason = "proof-nonce"
    description = "put the nonce of the DPoP-Nonce header into the proof and try again"


class DetailsRefused(OAuth2Error):
    """The authorization details are malformed, of an unknown type, or wider than the registration (RFC 9396 section 5)."""

    error = "invalid_authorization_details"
    reason = "authorization-details"


class SubjectTokenRefused(InvalidRequestError):
    """The token to exchange does not count, or is not this client's to exchange: which of these is not told (RFC 8693 section 2.2.2)."""

    reason = "subject-token"

    def __init__(self, description: str = "the subject token is not one in force that the client may exchange") -> None:
        super().__init__(description)


class ResourceNotServed(OAuth2Error):
    """No resource server of this name gets tokens from here (RFC 8707 section 2)."""

    error = "invalid_target"
    reason = "resource"
    description = "resource is this node's issuer or the URL of a resource server that is registered with it, once"


class _NotKnownNow(OAuth2Error):
    """It is not refused for good."""

    error = "temporarily_unavailable"
    status_code = 503

    def get_headers(self) -> Any:
        """When to try again."""
        return [*super().get_headers(), ("Retry-After", "5")]


class PeerNotVerifiable(_NotKnownNow):
    """A member of the trust list whose statement cannot be had or verified now, or no list is in force."""

    reason = "peer-not-verifiable"
    description = "the node's statement cannot be verified now: try again"


class AgreementNotVerifiable(_NotKnownNow):
    """Privacy cannot say now whether an agreement is in force."""

    reason = "agreement-not-verifiable"
    description = "the agreement cannot be verified now: try again"


class SubjectTokenNotVerifiable(_NotKnownNow):
    """It cannot be known now whether the token to exchange still counts."""

    reason = "subject-token-not-verifiable"
    description = "the subject token cannot be verified now: try again"


class KeysNotHad(_NotKnownNow):
    """A client whose key set, at its own URL, could not be got for a day."""

    reason = "keys-not-had"
    description = "the client's key set cannot be had at its jwks_uri: try again"
