"""OneRoster 1.2 CSV as tables: rows as dictionaries, with where they stand. (1EdTech OneRoster 1.2 CSV Binding, section 4.)"""

import csv
import io
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, tzinfo
from functools import lru_cache
from itertools import compress, islice
from typing import Final, NamedTuple

from safepassage.problems.records import UnreadableRoster
from services.records.formats.archive import Archive
from services.records.formats.oneroster_beyond import Beyond

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

AT_ONCE: Final = 4_000
"""Values of a file that are read together, column by column: a head of many columns makes every line that is shorter as long as itself."""

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


class Block(NamedTuple):
    """Rows that follow each other in a file."""

    rows: list[Row]
    columns: Mapping[str, Sequence[str]]
    """Of the columns that are read those in which anything stands: what each row has there, trimmed, which may be empty."""


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
        for block in self.whole_blocks(name, columns):
            yield from block.rows

    def whole_blocks(self, name: str, columns: Collection[str]) -> Iterator[Block]:
        """`whole_rows`, many at a time."""
        if f"{name}.csv" in self._archive:
            yield from self._blocks(f"{name}.csv", REQUIRED[name], columns, more=True)

    def other_rows(self, file_name: str) -> Iterator[Row]:
        """The rows of a file that is not read, as they came, but for passwords and social security numbers. Raises UnreadableRoster."""
        for block in self._blocks(file_name, (), (), more=True):
            yield from block.rows

    def _rows(self, file_name: str, required: tuple[str, ...], wanted: Collection[str] | None = None) -> Iterator[Row]:
        for block in self._blocks(file_name, required, wanted):
            yield from block.rows

    def _blocks(
        self, file_name: str, required: tuple[str, ...], wanted: Collection[str] | None = None, *, more: bool = False
    ) -> Iterator[Block]:
        with self._archive.open(file_name) as file, io.TextIOWrapper(file, encoding="utf-8-sig", newline="") as text:
            lines = filter(None, csv.reader(text, strict=True))
            head, error = _some(lines, 1)
            columns = head[0] if head else []
            if error is None and not set(required) <= set(columns):
                raise UnreadableRoster(f"{self._archive.told(file_name)} lacks a column that it must have")
            beyond = self._beyond(file_name, columns, wanted or ()) if more else None
            places = [
                place
                for place, name in enumerate(columns)
                if wanted is None or name in wanted or (beyond is not None and place in beyond.quiet)
            ]
            number, most = 1, max(1, AT_ONCE // max(1, len(columns)))
            while error is None:
                some, error = _some(lines, most)
                if some:
                    yield _block(file_name, number, some, columns, places, beyond)
                elif error is None:
                    return
                number += len(some)
            raise UnreadableRoster(f"{self._archive.told(file_name)} is not CSV in UTF-8") from error

    def _beyond(self, file_name: str, columns: Sequence[str], read: Collection[str]) -> Beyond:
        name = file_name.removesuffix(".csv")
        told = self._kept[file_name] if name in REQUIRED else set()
        return Beyond(columns, read, QUIET.get(name, frozenset()), told, self._secret[file_name], self._too_long)


def _some(lines: Iterator[list[str]], most: int) -> tuple[list[list[str]], Exception | None]:
    """The next lines, and by what error they end where they do: what came before it counts."""
    some: list[list[str]] = []
    try:
        some.extend(islice(lines, most))
    except (csv.Error, UnicodeDecodeError) as error:
        return some, error
    return some, None


def _block(
    file_name: str, first: int, lines: Sequence[list[str]], columns: Sequence[str], places: Sequence[int], beyond: Beyond | None
) -> Block:
    """Lines as rows: a column in which nothing stands costs nothing for each of them."""
    width = len(columns)
    lengths = set(map(len, lines))  # a line may be longer or shorter than the head
    if min(lengths) < width:
        lines = [line + [""] * (width - len(line)) for line in lines]
    raw = list(zip(*lines, strict=False))
    filled = [(columns[place], list(map(str.strip, raw[place]))) for place in places if any(raw[place])]
    names, values = [name for name, _ in filled], [column for _, column in filled]
    made = [dict(compress(zip(names, line, strict=False), line)) for line in zip(*values, strict=False)] if filled else [{} for _ in lines]
    rows = [Row(row, f"{file_name}:{number}") for number, row in enumerate(made, start=first)]
    if beyond is not None and (max(lengths) > width or any(any(raw[place]) for place in beyond.places)):
        for row, line in zip(rows, lines, strict=True):
            beyond.take(line, row.values, row.position)
    told: dict[str, list[str]] = {}
    for name, column in filled:  # of two columns of one name the last that is filled counts
        told[name] = [new or old for old, new in zip(told[name], column, strict=True)] if name in told else column
    return Block(rows, told)
