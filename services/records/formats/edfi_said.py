"""What bodies or elements of one student say, by section and member: what is said again is said last, and who said otherwise is left."""

from collections import defaultdict
from typing import Any, Protocol

Values = dict[str, Any]


class Sayer(Protocol):
    """A body or an element."""

    def unread(self) -> None:
        """Nothing of it was used after all."""


class Said(defaultdict[str, Values]):
    """By section. Identifiers add up, each once."""

    def __init__(self) -> None:
        super().__init__(dict)
        self._by: dict[tuple[str, str], Sayer] = {}

    def add(self, sayer: Sayer, more: dict[str, Values]) -> None:
        """What `sayer` says. INVARIANT: whoever said something else of the same member is unread, and so is kept."""
        for name, values in more.items():
            held = self[name]
            for member, value in values.items():
                if value is None:
                    continue
                if member == "identifiers":
                    there = list(held.get(member, ()))
                    held[member] = [*there, *(one for one in value if one not in there)]
                    continue
                earlier = self._by.get((name, member))
                if earlier is not None and earlier is not sayer and held.get(member) != value:
                    earlier.unread()
                held[member], self._by[name, member] = value, sayer
