"""OneRoster 1.2 CSV as tables: rows as dictionaries, with where they stand. (1EdTech OneRoster 1.2 CSV Binding, section 4.)"""

import csv
import io
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import date, datetime
from functools import lru_cache
from operator import itemgetter
from typing import Final

from safepassage.problems.records import UnreadableRoster
from services.records.formats.archive import Archive
from services.records.formats.oneroster_csv import COLUMNS, OURS

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
        return status is not None and status.casefold() == "tobedeleted"

    def list(self, column: str) -> list[str]:
        """A comma-separated value."""
        return [part for value in self[column].split(",") if (part := value.strip())]

    def day(self, column: str) -> date | None:
        """A date, or the date of an instant; None where it is absent or none. Whoever must have it reports that."""
        text = self.values.get(column)
        return None if text is None else _day(text)


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
        self._foreign: dict[str, set[int]] = defaultdict(set)
        if "manifest.csv" not in archive:
            raise UnreadableRoster("manifest.csv is missing")
        manifest = {row["propertyName"]: row["value"] for row in self._rows("manifest.csv", ("propertyName", "value"))}
        if manifest.get("oneroster.version") != "1.2":
            raise UnreadableRoster("the manifest does not say OneRoster 1.2")
        self.source_system = manifest.get("source.systemCode") or manifest.get("source.systemName") or "oneroster"
        self.changes = frozenset(name for name in REQUIRED if manifest.get(f"file.{name}") == "delta")
        """The files that say what changed."""
        for name in REQUIRED:
            if name in self.changes and not deltas:
                raise UnreadableRoster(f"{name}.csv is a delta: send the whole roster")
            if manifest.get(f"file.{name}") in ("bulk", "delta") and f"{name}.csv" not in archive:
                raise UnreadableRoster(f"the manifest names {name}.csv, which is missing")
        if not self.changes and ("users.csv" not in archive or "orgs.csv" not in archive):
            raise UnreadableRoster("a roster has orgs.csv and users.csv")

    def unread(self) -> list[tuple[str, str]]:
        """What holds something that nobody here knows to read, as reason and position. Of files that were read, their columns by number.

        Columns of the binding that the record has no place for (docs/oneroster.md) are not among them.
        """
        known = {"manifest.csv", *(f"{name}.csv" for name in REQUIRED)}
        files = [name for name in sorted(set(self._archive.names) - known) if name.endswith(".csv") and any(self._rows(name, ()))]
        columns = [(name, number) for name, numbers in sorted(self._foreign.items()) for number in sorted(numbers)]
        return [("file-not-read", name) for name in files] + [("column-not-read", f"{name}:column:{number}") for name, number in columns]

    def has(self, name: str) -> bool:
        """Whether a file is there."""
        return f"{name}.csv" in self._archive

    def rows(self, name: str, columns: Collection[str] | None = None) -> Iterator[Row]:
        """The rows of a file, with these of its columns or with all; none where it is absent. Raises UnreadableRoster."""
        if f"{name}.csv" in self._archive:
            yield from self._rows(f"{name}.csv", REQUIRED[name], columns)

    def _rows(self, file_name: str, required: tuple[str, ...], wanted: Collection[str] | None = None) -> Iterator[Row]:
        with self._archive.open(file_name) as file, io.TextIOWrapper(file, encoding="utf-8-sig", newline="") as text:
            try:
                lines = filter(None, csv.reader(text, strict=True))
                columns = next(lines, [])
                if not set(required) <= set(columns):
                    raise UnreadableRoster(f"{file_name} lacks a column that it must have")
                binding = COLUMNS.get(file_name.removesuffix(".csv"))
                places = [(place, name) for place, name in enumerate(columns) if wanted is None or name in wanted]
                foreign = [place for place, name in enumerate(columns) if binding is not None and name not in binding and name not in OURS]
                names = [name for _, name in places]
                wanted_of = _taker([place for place, _ in places])
                for number, line in enumerate(lines, start=1):
                    if len(line) < len(columns):  # a line may be longer or shorter than the head
                        line += [""] * (len(columns) - len(line))
                    if foreign:
                        self._foreign[file_name] |= {place + 1 for place in foreign if line[place].strip()}
                    filled = {name: value for name, value in zip(names, map(str.strip, wanted_of(line)), strict=True) if value}
                    yield Row(filled, f"{file_name}:{number}")
            except (csv.Error, UnicodeDecodeError) as error:
                raise UnreadableRoster(f"{file_name} is not CSV in UTF-8") from error


def _taker(places: list[int]) -> Callable[[list[str]], Sequence[str]]:
    """Takes what stands at these places of a line."""
    if len(places) < 2:
        return lambda line: [line[place] for place in places]
    return itemgetter(*places)
