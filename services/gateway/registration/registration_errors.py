"""What the registration endpoints answer when they refuse: RFC 7591 section 3.2.2, and RFC 6750 where a token is missing or not valid.

A description never repeats what was sent. `reason` is what is counted and logged.
"""

from typing import Any

from authlib.oauth2.rfc6749.errors import OAuth2Error


class RegistrationRefused(OAuth2Error):
    """Of a closed list of reasons."""

    reason = "registration"

    def __init__(self, reason: str, description: str) -> None:
        super().__init__(description)
        self.reason = reason


class MetadataRefused(RegistrationRefused):
    """What a client says of itself is malformed, or more than it may have."""

    error = "invalid_client_metadata"


class RedirectRefused(RegistrationRefused):
    """People are not sent back to where the client says."""

    error = "invalid_redirect_uri"

    def __init__(self, description: str) -> None:
        super().__init__("registration-redirect", description)


class StatementRefused(RegistrationRefused):
    """The software statement is not one of its publisher for this node, now."""

    error = "invalid_software_statement"


class StatementNotApproved(RegistrationRefused):
    """No administrator has registered this publisher here."""

    error = "unapproved_software_statement"


class RegistrationTokenRefused(RegistrationRefused):
    """No token that lets this be done. Whether there is such a client is not told."""

    error = "invalid_token"
    status_code = 401

    def __init__(self, reason: str) -> None:
        super().__init__(reason, "a token that is valid for this is needed, as `Authorization: Bearer <token>`")

    def get_headers(self) -> Any:
        """The challenge of RFC 6750 section 3."""
        return [*super().get_headers(), ("WWW-Authenticate", 'Bearer error="invalid_token"')]


class TwoAuthorities(RegistrationRefused):
    """A software statement and an initial access token at once."""

    error = "invalid_request"

    def __init__(self) -> None:
        super().__init__("registration-two-authorities", "register by a software statement or by an initial access token, not by both")
