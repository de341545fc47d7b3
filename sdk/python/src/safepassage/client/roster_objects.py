"""What a OneRoster collection gives: objects as the standard has them."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class RosterObjects:
    """A page of a collection, or the one object that was asked for."""

    objects: tuple[dict[str, Any], ...]
    total: int | None
    """Of the collection, as the node said (X-Total-Count); None for one object."""
