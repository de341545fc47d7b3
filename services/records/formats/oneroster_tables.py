"""OneRoster 1.2 CSV as tables: rows as dictionaries, with where they stand. (1EdTech OneRoster 1.2 CSV Binding, section 4.)"""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
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

csv.field_size_limit(1 << 20)


@dataclass(frozen=True)
class Row:
    """One row of a file."""

    values: dict[str, str]
    position: str

    def __getitem__(self, column: str) -> str:
        """The trimmed value; empty where the column is absent."""
        return (self.values.get(column) or "").strip()

    @property
    def to_be_deleted(self) -> bool:
        """status is `tobedeleted`."""
        return self["status"].casefold() == "tobedeleted"

    def list(self, column: str) -> list[str]:
        """A comma-separated value."""
        return [part.strip() for part in self[column].split(",") if part.strip()]

    def day(self, column: str) -> date | None:
        """A date, or the date of an instant; None where it is absent or none. Whoever must have it reports that."""
        text = self[column]
        try:
            return date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text).date()
        except ValueError:
            return None


class Tables:
    """The files of one package, read when asked for."""

    def __init__(self, archive: Archive) -> None:
        """Raises UnreadableRoster for what is not a bulk OneRoster 1.2 package."""
        self._archive = archive
        if "manifest.csv" not in archive:
            raise UnreadableRoster("manifest.csv is missing")
        manifest = {row["propertyName"]: row["value"] for row in self._rows("manifest.csv", ("propertyName", "value"))}
        if manifest.get("oneroster.version") != "1.2":
            raise UnreadableRoster("the manifest does not say OneRoster 1.2")
        self.source_system = manifest.get("source.systemCode") or manifest.get("source.systemName") or "oneroster"
        for name in REQUIRED:
            how = manifest.get(f"file.{name}", "absent")
            if how == "delta":
                raise UnreadableRoster(f"{name}.csv is a delta: send the whole roster")
            if how == "bulk" and f"{name}.csv" not in archive:
                raise UnreadableRoster(f"the manifest names {name}.csv, which is missing")
        if "users.csv" not in archive or "orgs.csv" not in archive:
            raise UnreadableRoster("a roster has orgs.csv and users.csv")

    def rows(self, name: str) -> Iterator[Row]:
        """The rows of a file; none where it is absent. Raises UnreadableRoster."""
        if f"{name}.csv" in self._archive:
            yield from self._rows(f"{name}.csv", REQUIRED[name])

    def _rows(self, file_name: str, required: tuple[str, ...]) -> Iterator[Row]:
        with self._archive.open(file_name) as file, io.TextIOWrapper(file, encoding="utf-8-sig", newline="") as text:
            try:
                reader = csv.DictReader(text, restkey="", strict=True)
                if not set(required) <= set(reader.fieldnames or ()):
                    raise UnreadableRoster(f"{file_name} lacks a column that it must have")
                for number, values in enumerate(reader, start=1):
                    yield Row({name: value for name, value in values.items() if isinstance(value, str)}, f"{file_name}:{number}")
            except (csv.Error, UnicodeDecodeError) as error:
                raise UnreadableRoster(f"{file_name} is not CSV in UTF-8") from error
