"""What an id_token says, once it is known to be the provider's, for this node, for this very sign-in, and of now. Pure.

OpenID Connect Core 1.0 section 3.1.3.7. The signature is looked at before (provider_keys).
"""

import hmac
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from safepassage.problems.people import SignInNotBelieved

SKEW: Final = timedelta(seconds=10)
"""Between the provider's clock and ours."""
ENTRA: Final = "https://login.microsoftonline.com/"
"""Before the tenant's id, in the issuers of Entra ID."""
OLDEST: Final = timedelta(minutes=10)
"""An id_token is made for the exchange that we have just made."""


@dataclass(frozen=True)
class Identity:
    """Who the provider says it is."""

    subject: str
    authenticated_at: datetime
    acr: str | None
    provider_session: str | None
    display_name: str | None


def require_identity(
    claims: Mapping[str, Any],
    *,
    issuer: str,
    client_id: str,
    nonce: str,
    now: datetime,
    at_most: timedelta,
    acr_values: Collection[str] = (),
) -> Identity:
    """Check the claims of an id_token whose signature is verified.

    nonce       that was sent with this sign-in
    at_most     how long ago the person may have proved who they are: auth_time is required
    acr_values  one of these is required; none: any

    Raises SignInNotBelieved.
    """
    require_addressed(claims, issuer=issuer, client_id=client_id)
    given = claims.get("nonce")
    if not isinstance(given, str) or not hmac.compare_digest(given.encode(), nonce.encode()):
        raise SignInNotBelieved("the id_token is of another sign-in (nonce)")
    require_of_now(claims, now)
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 1 <= len(subject) <= 255:
        raise SignInNotBelieved("the id_token names nobody (sub)")
    authenticated_at = instant(claims, "auth_time")
    if authenticated_at is None or not now - at_most - SKEW <= authenticated_at <= now + SKEW:
        raise SignInNotBelieved("the provider does not say that the person was there lately enough (auth_time)")
    acr = claims.get("acr")
    if (acr is not None and (not isinstance(acr, str) or len(acr) > 200)) or (acr_values and acr not in acr_values):
        raise SignInNotBelieved("the sign-in is not as strong as was asked (acr)")
    return Identity(subject, min(authenticated_at, now), acr, text(claims, "sid"), _display_name(claims.get("name")))


def require_addressed(claims: Mapping[str, Any], *, issuer: str, client_id: str) -> None:
    """That a token is of this provider and for this node alone. Raises SignInNotBelieved."""
    if claims.get("iss") != issuer:
        raise SignInNotBelieved("the token is of another issuer (iss)")
    if claims.get("aud") not in (client_id, [client_id]) or claims.get("azp", client_id) != client_id:
        raise SignInNotBelieved("the token is for another client (aud, azp)")
    if "tid" in claims and issuer.startswith(ENTRA) and claims["tid"] != issuer.removeprefix(ENTRA).partition("/")[0]:
        raise SignInNotBelieved("the token is of another tenant (tid)")


def require_of_now(claims: Mapping[str, Any], now: datetime) -> None:
    """That a token was made lately and counts still. Raises SignInNotBelieved."""
    issued_at, expires_at = instant(claims, "iat"), instant(claims, "exp")
    if issued_at is None or expires_at is None or not now - OLDEST <= issued_at <= now + SKEW or expires_at + SKEW <= now:
        raise SignInNotBelieved("the token is not of now (iat, exp)")
    not_before = instant(claims, "nbf")
    if not_before is not None and not_before > now + SKEW:
        raise SignInNotBelieved("the token does not count yet (nbf)")


def instant(claims: Mapping[str, Any], name: str) -> datetime | None:
    """A NumericDate; None where it is not there. Raises SignInNotBelieved where it is none."""
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 253_402_300_800:
        raise SignInNotBelieved(f"the token holds no instant ({name})")
    return datetime.fromtimestamp(value, UTC)


def text(claims: Mapping[str, Any], name: str) -> str | None:
    """A word of at most 255 characters; None where it is not there. Raises SignInNotBelieved for anything else."""
    value = claims.get(name)
    if value is not None and (not isinstance(value, str) or not 1 <= len(value) <= 255):
        raise SignInNotBelieved(f"the token holds no word ({name})")
    return value


def _display_name(name: object) -> str | None:
    """For the person's own eyes, so it may be anything that can be shown."""
    if not isinstance(name, str):
        return None
    shown = "".join(character for character in name if character.isprintable()).strip()[:100]
    return shown or None
