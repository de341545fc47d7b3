"""What OneRoster gives: objects of a collection as the standard has them, and packages of files."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID


@dataclass(frozen=True)
class RosterObjects:
    """A page of a collection, or the one object that was asked for."""

    objects: tuple[dict[str, Any], ...]
    total: int | None
    """Of the collection, as the node said (X-Total-Count); None for one object."""


class RosterPackage(bytes):
    """A OneRoster 1.2 CSV package, a zip. `id` is what to ask with for what has changed since; None where the node gives none."""

    id: UUID | None = None
