"""The files of a OneRoster package that are not read: kept as they came, with the student whom a row names, or with the source. Pure.

The binding's own files that tell of no student (line items, categories, resources, score scales) are the source's. A file that is none of
them and names no user may be of anybody: nothing of it is kept, and that is said.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from safepassage.problems.records import UnreadableRoster
from services.records.formats.oneroster_earlier import beside_earlier
from services.records.formats.oneroster_tables import Row, Tables
from services.records.formats.parsed import Findings

OF_SOURCE: Final = (
    "categories.csv", "classResources.csv", "courseResources.csv", "lineItemLearningObjectiveIds.csv", "lineItems.csv",
    "lineItemScoreScales.csv", "resources.csv", "scoreScales.csv",
)  # fmt: skip
"""The binding's files that tell of no student and are not read."""

OWNERS: Final = ("studentSourcedId", "userSourcedId")
RESULT: Final = "resultSourcedId"
RESULTS: Final = "results.csv"


@dataclass
class Others:
    """Rows by file and sourcedId; of people by whom they name."""

    of_source: dict[str, dict[str, Any]] = field(default_factory=dict)
    owned: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    """File → sourcedId of the user → sourcedId of the row → the row."""

    def of(self, people: Iterable[str]) -> dict[str, dict[str, Any]]:
        """The rows of some users, by file."""
        found: dict[str, dict[str, Any]] = {}
        for one in people:
            for name, owned in self.owned.items():
                if one in owned:
                    found[name] = found.get(name, {}) | owned[one]
        return found

    def left(self, people: Collection[str], users: Collection[str]) -> dict[str, int]:
        """How many rows of each file are of users (`users`) who are none of these."""
        return {
            name: sum(len(rows) for one, rows in owned.items() if one in users and one not in people) for name, owned in self.owned.items()
        }


def owner_column(columns: Collection[str]) -> str | None:
    """The column by which a file that is not read tells whose a row is; None where it tells of nobody."""
    return next((one for one in (*OWNERS, RESULT) if one in columns), None)


def files_of(tables: Tables, findings: Findings) -> dict[str, str | None]:
    """The files that are kept, each with the column that says whose a row is, results first; of any other it is said that it is not."""
    found: dict[str, str | None] = {}
    for name in tables.others:
        try:
            filled = name.endswith(".csv") and any(row.values for row in tables.other_rows(name))
            owner = owner_column(tables.columns_of(name)) if name.endswith(".csv") else None
        except UnreadableRoster:
            owner, filled = None, True
        if owner is not None or (filled and name in OF_SOURCE):
            found[name] = owner
        elif filled or (not name.endswith(".csv") and tables.holds(name)):
            findings.missed("file-not-read", name)
    return dict(sorted(found.items(), key=lambda pair: pair[1] == RESULT))


def others_of(tables: Tables, findings: Findings, users: Collection[str]) -> Others:
    """The files that are not read, of a whole package; rows of nobody among `users` are reported."""
    others = Others()
    for name, column in files_of(tables, findings).items():
        try:
            if column is None:
                others.of_source[name] = _of_nobody(tables, name, findings)
            else:
                whose = None if column != RESULT else {key: one for one, keys in others.owned.get(RESULTS, {}).items() for key in keys}
                others.owned[name] = _of_people(tables, name, column, whose, users, findings)
        except UnreadableRoster:
            findings.missed("file-not-read", name)
        else:
            findings.missed_of(int(bool(others.owned.get(name) or others.of_source.get(name))), "file-kept", name)
    return others


def key_of(row: Row) -> str:
    """The row's sourcedId, or its place where it has none."""
    return row["sourcedId"].strip() or row.position


def _of_nobody(tables: Tables, name: str, findings: Findings) -> dict[str, Any]:
    rows: dict[str, Any] = {}
    for row in _rows_of(tables, name):
        _put(rows, row, findings)
    return rows


def _of_people(
    tables: Tables, name: str, column: str, whose: Mapping[str, str] | None, users: Collection[str], findings: Findings
) -> dict[str, dict[str, Any]]:
    owned: dict[str, dict[str, Any]] = defaultdict(dict)
    for row in _rows_of(tables, name):
        named = row[column].strip()
        owner = named if whose is None else whose.get(named, "")
        if owner in users:
            _put(owned[owner], row, findings)
        else:
            findings.missed("user-unknown", row.position)
    return owned


def _rows_of(tables: Tables, name: str) -> Iterator[Row]:
    """Those that say something; a row that is to be deleted does where the file says what changed."""
    return (row for row in tables.other_rows(name) if row.values and (name in tables.changes or not row.to_be_deleted))


def _put(rows: dict[str, Any], row: Row, findings: Findings) -> None:
    """As JSON: a package has millions of rows."""
    key, held = key_of(row), row.values
    if key in rows:
        findings.missed("sourced-id-twice", row.position)
        held = beside_earlier(msgspec.json.decode(rows[key]), held, row.position, findings)
    rows[key] = msgspec.Raw(msgspec.json.encode(held))
