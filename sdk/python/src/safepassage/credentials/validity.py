"""What every credential says of itself: who issued it, and when it holds."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from safepassage.problems.credentials import CredentialMalformed, CredentialNotValidNow


def issuer_of(credential: Mapping[str, Any]) -> str:
    """The id of the issuer, which stands alone or in a profile. Raises CredentialMalformed."""
    issuer = credential.get("issuer")
    named = issuer.get("id") if isinstance(issuer, Mapping) else issuer
    if not isinstance(named, str) or not named:
        raise CredentialMalformed("a credential names its issuer", field="issuer")
    return named


def instant_of(credential: Mapping[str, Any], member: str) -> datetime:
    """An instant of the credential, with its offset from UTC. Raises CredentialMalformed."""
    try:
        instant = datetime.fromisoformat(credential[member])
        instant.timestamp()
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise CredentialMalformed("not an instant", field=member) from error
    if instant.tzinfo is None:
        raise CredentialMalformed("an instant without its offset from UTC", field=member)
    return instant


def require_valid(credential: Mapping[str, Any], *, now: datetime) -> None:
    """Raises CredentialNotValidNow before `validFrom` and from `validUntil` on."""
    if now < instant_of(credential, "validFrom"):
        raise CredentialNotValidNow("it is not in force yet")
    if "validUntil" in credential and now >= instant_of(credential, "validUntil"):
        raise CredentialNotValidNow("it has expired")
