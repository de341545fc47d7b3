"""The base of every model that crosses a border: closed, immutable, and silent about the values it refuses."""

from datetime import UTC, datetime
from ipaddress import IPv6Address, ip_address
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, PlainSerializer, StringConstraints

from safepassage.canonical import from_base64url, to_base64url


class Wire(BaseModel):
    """A wire model: unknown members are refused, instances are frozen, errors do not show the input."""

    model_config = ConfigDict(frozen=True, extra="forbid", from_attributes=True, hide_input_in_errors=True)


def _aware_utc_milliseconds(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("an instant needs its UTC offset")
    try:
        value = value.astimezone(UTC)
    except OverflowError:
        raise ValueError("an instant is in the years 1 to 9999 by UTC") from None
    return value.replace(microsecond=value.microsecond // 1000 * 1000)


def _rfc3339(value: datetime) -> str:
    # a copy with another value was not validated: whatever its zone, what is said with a Z is by UTC
    return value.astimezone(UTC).isoformat(timespec="milliseconds")[:23] + "Z"


Instant = Annotated[datetime, AfterValidator(_aware_utc_milliseconds), PlainSerializer(_rfc3339, when_used="json")]
"""RFC 3339, UTC, milliseconds."""


def _base64url(value: str) -> str:
    from_base64url(value)
    return value


Base64Url = Annotated[str, StringConstraints(max_length=2**20), AfterValidator(_base64url)]
"""Bytes as base64url without padding (RFC 4648 section 5)."""


# 43 characters carry 258 bits: the last one ends in two zero bits, so that the 32 bytes have one form
Digest = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$")]
"""SHA-256, base64url without padding: 43 characters."""


def _canonical_address(value: str) -> str:
    address = ip_address(value)
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return str(mapped or address)


NetworkAddress = Annotated[str, StringConstraints(max_length=45), AfterValidator(_canonical_address)]
"""An IPv4 or IPv6 address, in the one text that Python gives it (RFC 5952); an IPv4 address inside IPv6 is the IPv4 address."""

Code = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._:-]{0,63}$")]
"""A word of a closed vocabulary, never free text."""

Text = Annotated[str, StringConstraints(min_length=1, max_length=2000)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
"""One line, no control character: PostgreSQL keeps no NUL, and a log or a terminal should not be steered by a name."""

__all__ = ["Base64Url", "Code", "Digest", "Instant", "Name", "NetworkAddress", "Text", "Wire", "to_base64url"]
