"""OneRoster 1.2 CSV as tables: rows as dictionaries, with where they stand. (1EdTech OneRoster 1.2 CSV Binding, section 4.)"""

import csv
import io
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import UTC, date, datetime, time, tzinfo
from functools import lru_cache
from operator import itemgetter
from typing import Final

from safepassage.problems.records import UnreadableRoster
from services.records.formats.archive import Archive

REQUIRED: Final = {
    "orgs": ("sourcedId", "name", "type"),
    "users": ("sourcedId", "givenName", "familyName"),
    "enrollments": ("sourcedId", "classSourcedId", "schoolSourcedId", "userSourcedId", "role"),
    "classes": ("sourcedId", "title", "courseSourcedId", "schoolSourcedId"),
    "courses": ("sourcedId", "title"),
    "academicSessions": ("sourcedId", "startDate", "endDate"),
    "demographics": ("sourcedId",),
    "roles": ("sourcedId", "userSourcedId", "role", "orgSourcedId"),
}
"""The files that are read, and the columns without which one says nothing."""

QUIET: Final = {
    "academicSessions": frozenset({"title", "type", "parentSourcedId", "schoolYear"}),
    "courses": frozenset({"schoolYearSourcedId", "grades", "orgSourcedId", "subjects", "subjectCodes"}),
    "classes": frozenset({"classType", "grades", "subjects", "subjectCodes"}),
    "users": frozenset({"enabledUser", "username", "primaryOrgSourcedId"}),
    "roles": frozenset({"roleType"}),
    "enrollments": frozenset({"primary"}),
}
"""Columns that every package has, and that the record has no place for: they are kept as any other, and no report names them."""

MOST_OF_A_ROW: Final = 65_536
"""Characters of a row that are kept and not read."""

_WORDS: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")

_VALUE: Final = itemgetter(1)
"""Of a column's name with what stands there, which is empty or not."""

csv.field_size_limit(1 << 20)


class Row:
    """One row of a file.

    values  trimmed; without those that are empty
    """

    __slots__ = ("position", "values")

    def __init__(self, values: dict[str, str], position: str) -> None:
        self.values, self.position = values, position

    def __getitem__(self, column: str) -> str:
        """The trimmed value; empty where the column is absent."""
        return self.values.get(column, "")

    @property
    def to_be_deleted(self) -> bool:
        """status is `tobedeleted`."""
        status = self.values.get("status")
        return status is not None and status.strip().casefold() == "tobedeleted"

    def list(self, column: str) -> list[str]:
        """A comma-separated value."""
        return [part for value in self[column].split(",") if (part := value.strip())]

    def day(self, column: str) -> date | None:
        """A date, or the date of an instant; None where it is absent or none. Whoever must have it reports that."""
        text = self.values.get(column)
        return None if text is None else _day(text)

    def day_there(self, column: str, zone: tzinfo) -> date | None:
        """The day that it was in `zone` at an instant: the evening of a school in the West is the day after by UTC.

        Midnight of UTC is how systems write a day: it is that day.
        """
        day, text = self.day(column), self.values.get(column, "")
        if day is None or len(text) == 10:
            return day
        instant = datetime.fromisoformat(text)
        return day if instant.tzinfo is None or instant.astimezone(UTC).time() == time() else instant.astimezone(zone).date()


@lru_cache(maxsize=4096)
def _day(text: str) -> date | None:
    """Most days of a package are of few: first days of terms and classes."""
    try:
        return date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text).date()
    except ValueError:
        return None


class Tables:
    """The files of one package, read when asked for."""

    def __init__(self, archive: Archive, *, deltas: bool = False) -> None:
        """`deltas`: whether files may say what changed alone. Raises UnreadableRoster for what is not such a OneRoster 1.2 package."""
        self._archive = archive
        self._kept: dict[str, set[int]] = defaultdict(set)
        self._secret: dict[str, set[int]] = defaultdict(set)
        self._too_long: list[str] = []
        if "manifest.csv" not in archive:
            raise UnreadableRoster("manifest.csv is missing")
        manifest = {row["propertyName"]: row["value"] for row in self._rows("manifest.csv", ("propertyName", "value"))}
        if manifest.get("oneroster.version") != "1.2":
            raise UnreadableRoster("the manifest does not say OneRoster 1.2")
        self.source_system = manifest.get("source.systemCode") or manifest.get("source.systemName") or "oneroster"
        said = [name.removeprefix("file.") for name, how in manifest.items() if name.startswith("file.") and how == "delta"]
        self.changes = frozenset(
            name if name in REQUIRED else f"{name}.csv" for name in said if f"{name}.csv" in archive or name in REQUIRED
        )
        """What says what changed: tables that are read by name, any other file by its file name."""
        whole = "users.csv" in archive and self.changes.isdisjoint(REQUIRED)
        self.is_delta = bool(self.changes) and not whole
        """Whether it says what changed of a roster. A whole roster may have other files beside it that do."""
        for name in REQUIRED:
            if name in self.changes and not deltas:
                raise UnreadableRoster(f"{name}.csv is a delta: send the whole roster")
            if manifest.get(f"file.{name}") in ("bulk", "delta") and f"{name}.csv" not in archive:
                raise UnreadableRoster(f"the manifest names {name}.csv, which is missing")
        if (not self.is_delta or not deltas) and ("users.csv" not in archive or "orgs.csv" not in archive):
            raise UnreadableRoster("a roster has orgs.csv and users.csv")

    @property
    def others(self) -> tuple[str, ...]:
        """The files that are not read, by file name."""
        known = {"manifest.csv", *(f"{name}.csv" for name in REQUIRED)}
        return tuple(name for name in sorted(self._archive.names) if name not in known)

    def columns_of(self, file_name: str) -> frozenset[str]:
        """The columns of a file; none where it has no head. Raises UnreadableRoster."""
        with self._archive.open(file_name) as file, io.TextIOWrapper(file, encoding="utf-8-sig", newline="") as text:
            try:
                return frozenset(next(filter(None, csv.reader(text, strict=True)), ()))
            except (csv.Error, UnicodeDecodeError) as error:
                raise UnreadableRoster(f"{self._archive.told(file_name)} is not CSV in UTF-8") from error

    def holds(self, file_name: str) -> bool:
        """Whether there is anything in a file."""
        with self._archive.open(file_name) as file:
            return bool(file.read(1))

    def not_read(self) -> list[tuple[str, str]]:
        """What the files that were read have beyond what is read, as reason and position, columns by number."""
        found = [("column-kept", f"{name}:column:{number}") for name, numbers in sorted(self._kept.items()) for number in sorted(numbers)]
        found += [
            ("secret-left", f"{name}:column:{number}") for name, numbers in sorted(self._secret.items()) for number in sorted(numbers)
        ]
        return found + [("too-much-to-keep", position) for position in self._too_long]

    def has(self, name: str) -> bool:
        """Whether a file is there."""
        return f"{name}.csv" in self._archive

    def rows(self, name: str, columns: Collection[str] | None = None) -> Iterator[Row]:
        """The rows of a file, with these of its columns or with all; none where it is absent. Raises UnreadableRoster."""
        if f"{name}.csv" in self._archive:
            yield from self._rows(f"{name}.csv", REQUIRED[name], columns)

    def whole_rows(self, name: str, columns: Collection[str]) -> Iterator[Row]:
        """As `rows`, with these of its columns, and any other that is filled as it came, but for passwords and social security numbers."""
        if f"{name}.csv" in self._archive:
            yield from self._rows(f"{name}.csv", REQUIRED[name], columns, more=True)

    def other_rows(self, file_name: str) -> Iterator[Row]:
        """The rows of a file that is not read, as they came, but for passwords and social security numbers. Raises UnreadableRoster."""
        yield from self._rows(file_name, (), (), more=True)

    def _rows(
        self, file_name: str, required: tuple[str, ...], wanted: Collection[str] | None = None, *, more: bool = False
    ) -> Iterator[Row]:
        with self._archive.open(file_name) as file, io.TextIOWrapper(file, encoding="utf-8-sig", newline="") as text:
            try:
                lines = filter(None, csv.reader(text, strict=True))
                columns = next(lines, [])
                width = len(columns)
                if not set(required) <= set(columns):
                    raise UnreadableRoster(f"{self._archive.told(file_name)} lacks a column that it must have")
                beyond = self._beyond(file_name, columns, wanted or ()) if more else None
                places = [
                    (place, name)
                    for place, name in enumerate(columns)
                    if wanted is None or name in wanted or (beyond is not None and place in beyond.quiet)
                ]
                left_of = _taker(beyond.places) if beyond is not None and beyond.places else None
                names = [name for _, name in places]
                wanted_of = _taker([place for place, _ in places])
                for number, line in enumerate(lines, start=1):
                    if len(line) < width:  # a line may be longer or shorter than the head
                        line += [""] * (width - len(line))
                    filled = dict(filter(_VALUE, zip(names, map(str.strip, wanted_of(line)), strict=True)))
                    if beyond is not None and ((left_of is not None and any(left_of(line))) or len(line) > width):
                        beyond.take(line, filled, f"{file_name}:{number}")
                    yield Row(filled, f"{file_name}:{number}")
            except (csv.Error, UnicodeDecodeError) as error:
                raise UnreadableRoster(f"{self._archive.told(file_name)} is not CSV in UTF-8") from error

    def _beyond(self, file_name: str, columns: Sequence[str], read: Collection[str]) -> "_Beyond":
        name = file_name.removesuffix(".csv")
        told = self._kept[file_name] if name in REQUIRED else set()
        return _Beyond(columns, read, QUIET.get(name, frozenset()), told, self._secret[file_name], self._too_long)


class _Beyond:
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


def _taker(places: list[int]) -> Callable[[list[str]], Sequence[str]]:
    """Takes what stands at these places of a line."""
    if len(places) < 2:
        return lambda line: [line[place] for place in places]
    return itemgetter(*places)
