"""Operations that end: since when nobody should begin with them, and from when they answer no more (RFC 9745, RFC 8594).

Who calls one is told in every answer, a refusal too, and who reads the interface in its document. Nothing here takes an operation away:
that is done in the routing table, after its day.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Final


@dataclass(frozen=True)
class Ending:
    """When an operation ends; both instants in UTC."""

    deprecated_at: datetime
    sunset_at: datetime
    instead: str
    """For people who read the document: what takes its place."""

    def __post_init__(self) -> None:
        """Raises ValueError where it would end before that is said (RFC 9745 section 4)."""
        if self.deprecated_at.tzinfo is not UTC or self.sunset_at.tzinfo is not UTC:
            raise ValueError("instants are in UTC")
        if self.sunset_at < self.deprecated_at:
            raise ValueError("it ends before it is said to")

    @property
    def headers(self) -> tuple[tuple[str, str], ...]:
        """`Deprecation` is a date of structured fields (RFC 9651 section 3.3.7), `Sunset` one of HTTP."""
        deprecation = f"@{int(self.deprecated_at.timestamp())}"
        return ("deprecation", deprecation), ("sunset", format_datetime(self.sunset_at, usegmt=True))

    @property
    def said(self) -> str:
        """A paragraph for the operation's description."""
        return f"Answers no more from {self.sunset_at:%Y-%m-%d}. Instead: {self.instead}"


ENDINGS: Final[Mapping[tuple[str, str], Ending]] = {}
"""By method and template, as in the routing table. None ends now."""
