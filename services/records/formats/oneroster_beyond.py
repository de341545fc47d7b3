"""What the lines of a OneRoster file have beside the columns that are read: kept as it came, but for what is secret."""

import re
from collections.abc import Collection, Sequence
from typing import Final

MOST_OF_A_ROW: Final = 65_536
"""Characters of a row that are kept and not read."""

_WORDS: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")


class Beyond:
    """What a file's lines have beside the columns that are read."""

    def __init__(
        self, columns: Sequence[str], read: Collection[str], quiet: frozenset[str], told: set[int], secret: set[int], too_long: list[str]
    ) -> None:
        self._width, self._told, self._secret, self._too_long = len(columns), told, secret, too_long
        last = {name: place for place, name in enumerate(columns)}
        left = [(place, _named(columns, place)) for place, name in enumerate(columns) if name not in read or last[name] != place]
        self.quiet = frozenset(place for place, name in left if name in quiet)
        """Places of columns that no report names: short, and taken as those that are read."""
        self._places = [(place, name) for place, name in left if place not in self.quiet and not _is_secret(name)]
        self._secrets = [place for place, name in left if _is_secret(columns[place])]
        self.places = [place for place, _ in left if place not in self.quiet]
        """Places of all others that are not read."""

    def take(self, line: Sequence[str], filled: dict[str, str], position: str) -> None:
        """Put what is filled beside what was read, as it came."""
        room = MOST_OF_A_ROW
        for place, name in self._places:
            value = line[place]
            if value and not value.isspace():
                self._told.add(place + 1)
                room = self._put(filled, name, value, room)
        for place in self._secrets:
            if line[place].strip():
                self._secret.add(place + 1)
        if len(line) > self._width:
            for place, value in enumerate(line[self._width :], start=self._width + 1):
                if value.strip():
                    self._told.add(place)
                    room = self._put(filled, f"column {place}", value, room)
        if room < 0:
            self._too_long.append(position)

    def _put(self, filled: dict[str, str], name: str, value: str, room: int) -> int:
        """The room that is left; once it is less than none, nothing more is kept of the row."""
        if len(value) <= room:
            filled[name] = value
            return room - len(value)
        return -1


def _named(columns: Sequence[str], place: int) -> str:
    """A column's name, or its number where the name is none or another column's too."""
    name = columns[place]
    return name if name.strip() and columns.count(name) == 1 else f"column {place + 1}"


def _is_secret(name: str) -> bool:
    """Whether it is named after a password or a social security number."""
    words = [word.casefold() for word in _WORDS.findall(name)]
    return "ssn" in words or any(secret in "".join(words) for secret in ("password", "socialsecurity"))
