"""What is kept of a OneRoster package: rows by table and sourcedId, so that a delta can follow it and nothing of it is dropped. Pure.

Of a student: the user, the agents, demographics, roles, places in classes, and the rows of other files that are the student's or an agent's
(oneroster_others). Of the source: organisations, sessions, courses, classes, and the files of the binding that tell of no student. A row
that the source deleted stays as one that is to be deleted: an older change of it must not bring it back.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import repeat
from typing import Any, Final

import msgspec

from services.records.formats import oneroster_people as people
from services.records.formats.oneroster_csv import RELATION, SCED, TERM, USER_IDS
from services.records.formats.oneroster_earlier import beside_earlier
from services.records.formats.oneroster_others import Others, others_of
from services.records.formats.oneroster_read import CHECKED, is_readable, unreadable
from services.records.formats.oneroster_tables import Block, Row, Tables
from services.records.formats.parsed import Findings

Values = dict[str, str]
"""A row: its filled columns."""
Rows = dict[str, dict[str, Values]]
"""Table → sourcedId → row."""

HEAD: Final = ("sourcedId", "status", "dateLastModified")
KEPT: Final[dict[str, frozenset[str]]] = {
    "orgs": frozenset({*HEAD, "name", "type", "identifier", "parentSourcedId"}),
    "academicSessions": frozenset({*HEAD, "startDate", "endDate"}),
    "courses": frozenset({*HEAD, "title", "courseCode", SCED}),
    "classes": frozenset({*HEAD, "title", "classCode", "courseSourcedId", "schoolSourcedId", "termSourcedIds", TERM}),
    "users": frozenset(
        {
            *HEAD, "userIds", "givenName", "familyName", "middleName", "identifier", "email", "sms", "phone", "agentSourcedIds", "grades",
            "userMasterIdentifier", "preferredGivenName", "preferredFamilyName", "role", USER_IDS, RELATION,
        }
    ),
    "demographics": frozenset(
        {
            *HEAD, *people.RACES, "birthDate", "sex", "hispanicOrLatinoEthnicity", "cityOfBirth", "stateOfBirthAbbreviation",
            "countryOfBirthCode",
        }
    ),
    "roles": frozenset({*HEAD, "userSourcedId", "roleType", "role", "orgSourcedId", "beginDate", "endDate"}),
    "enrollments": frozenset({*HEAD, "userSourcedId", "classSourcedId", "schoolSourcedId", "role", "beginDate", "endDate", SCED}),
}  # fmt: skip
"""The columns that reading looks at. Whatever else a row has is kept beside them, but for passwords and social security numbers."""

FRAME: Final = ("orgs", "academicSessions", "courses", "classes")
OF_STUDENTS: Final = ("users", "demographics", "roles", "enrollments")
OWNED: Final = ("roles", "enrollments")
"""Tables whose rows name their user."""


_MAY_BE_SECRET: Final = frozenset({"userIds", USER_IDS})
"""Columns of a user that may hold a social security number."""


def kept(table: str, row: Row) -> Values:
    """The row as it is kept. A social security number that stands among the user ids is not."""
    values = row.values
    if table != "users" or values.keys().isdisjoint(_MAY_BE_SECRET):
        return values
    values = dict(values)
    if "userIds" in values:
        values["userIds"] = ",".join(part for part in row.list("userIds") if not people.is_secret(part))
    if USER_IDS in values:
        more = [one for part in people.more_ids(row) if (one := people.identifier(part)) is not None]
        if more or people.more_ids(row):
            values[USER_IDS] = json.dumps([{"type": one["system"].partition(":")[2], "identifier": one["value"]} for one in more])
    return values


class Keeping:
    """Tables whose rows are kept while they are read."""

    def __init__(self, tables: Tables, findings: Findings) -> None:
        self._tables, self._findings = tables, findings
        self._rows: Rows = {name: {} for name in KEPT}
        self._owned: dict[str, dict[str, list[str]]] = {name: defaultdict(list) for name in OWNED}
        self._others = Others()

    def rows(self, name: str) -> Iterator[Row]:
        """As `Tables.rows`."""
        for block in self._tables.whole_blocks(name, KEPT[name]):
            yield from block.rows if self._take(name, block) else self._one_by_one(name, block.rows)

    def _take(self, name: str, block: Block) -> bool:
        """Keep all rows of a block at once. False where there may be more to say of one of them: then nothing is kept yet."""
        rows, owned, keys = self._rows[name], self._owned.get(name), block.columns.get("sourcedId", ())
        distinct = set(keys)
        if "" in distinct or len(distinct) < len(block.rows) or not rows.keys().isdisjoint(distinct) or not _all_read(name, block):
            return False
        rows.update(zip(keys, [row.values for row in block.rows], strict=True))
        if owned is not None:
            for key, user in zip(keys, block.columns.get("userSourcedId", repeat("", len(keys))), strict=True):
                owned[user].append(key)
        return True

    def _one_by_one(self, name: str, several: Sequence[Row]) -> Iterator[Row]:
        rows, owned, checked = self._rows[name], self._owned.get(name), name in CHECKED
        for row in several:
            key = row["sourcedId"] or row.position
            held = kept(name, row)
            if checked:
                told(name, row, held, self._findings)
            if key in rows:
                if name in _TWICE_UNTOLD:
                    self._findings.missed("sourced-id-twice", row.position)
                if owned is not None and rows[key].get("userSourcedId") != row["userSourcedId"]:
                    key = f"{key} ({row.position})"  # two people's: neither is told of in the other's
                else:
                    held = beside_earlier(rows[key], held, row.position, self._findings)
            rows[key] = held
            if owned is not None:
                owned[row["userSourcedId"]].append(key)
            yield row

    def read_others(self) -> None:
        """The files that are not read."""
        self._others = others_of(self._tables, self._findings, self._rows["users"])

    def say_left(self, students: Collection[str]) -> None:
        """Say of how many rows nothing is kept, since they are of nobody among these and their agents."""
        users = self._rows["users"]
        kept_people = {one for identifier in students for one in self._people(identifier)}
        left = {
            "users.csv": sum(one not in kept_people for one in users),
            "demographics.csv": sum(one in users and one not in students for one in self._rows["demographics"]),
            "roles.csv": sum(len(keys) for one, keys in self._owned["roles"].items() if one in users and one not in kept_people),
            "enrollments.csv": sum(
                one in users or self._rows["enrollments"][key].get("role") != "student"
                for one, keys in self._owned["enrollments"].items()
                if one not in students
                for key in keys
            ),
        }
        for file_name, count in (left | self._others.left(kept_people, users)).items():
            self._findings.missed_of(count, "row-of-no-student", file_name)

    @property
    def frame(self) -> dict[str, dict[str, Any]]:
        """What tells of no student."""
        return {name: self._rows[name] for name in FRAME} | self._others.of_source

    @property
    def files(self) -> frozenset[str]:
        """The other files that say of students, of which nothing that came earlier counts any more."""
        return frozenset(self._others.owned) - self._tables.changes

    def of_student(self, identifier: str) -> dict[str, dict[str, Any]]:
        """What is kept of one student."""
        people_ids = self._people(identifier)
        demographics = self._rows["demographics"].get(identifier)
        return {
            "users": {one: self._rows["users"][one] for one in people_ids},
            "demographics": {identifier: demographics} if demographics is not None else {},
            "roles": {key: self._rows["roles"][key] for one in people_ids for key in self._owned["roles"].get(one, ())},
            "enrollments": {key: self._rows["enrollments"][key] for key in self._owned["enrollments"].get(identifier, ())},
            **(self._others.of(people_ids) if self._others.owned else {}),
        }

    def _people(self, identifier: str) -> list[str]:
        return [identifier, *(agent for agent in agents_of(self._rows["users"][identifier]) if agent in self._rows["users"])]


_TWICE_UNTOLD: Final = frozenset({"academicSessions", "courses", "classes", "roles", "enrollments"})
"""Tables of which reading does not say itself that a sourcedId comes twice."""


def _all_read(table: str, block: Block) -> bool:
    """Whether `told` has nothing to say of any row, and each is kept as it is: every value is looked at once."""
    columns = block.columns
    if table == "users" and not columns.keys().isdisjoint(_MAY_BE_SECRET):
        return False
    return all(is_readable(column, value) for column in CHECKED.get(table, ()) for value in set(columns.get(column, ())) if value)


def told(table: str, row: Row, held: Values, findings: Findings) -> None:
    """Say of a row which of its values are none that is read, and that a social security number was left out."""
    for _ in unreadable(table, held):
        findings.missed("value-kept", row.position)
    if held is not row.values and len(held.get("userIds", "")) < len(",".join(row.list("userIds"))):
        findings.missed("secret-left", row.position)


class Merged:
    """Kept rows as tables: of some students, with what their places in classes refer to."""

    def __init__(self, frame: Rows, students: Iterable[Rows], positions: dict[tuple[str, str], str]) -> None:
        """`positions`: where a delta's rows stand, by table and sourcedId. Any other row came earlier."""
        self._positions = positions
        self._rows: Rows = {name: {} for name in OF_STUDENTS}
        for rows in students:
            for name in OF_STUDENTS:
                self._rows[name] |= rows.get(name, {})
        # demographics that were deleted say nothing; a deleted user, role or place is told by its status
        self._rows["demographics"] = {key: row for key, row in self._rows["demographics"].items() if not to_be_deleted(row)}
        needed = {row.get("classSourcedId", "") for row in self._rows["enrollments"].values()}
        self._rows |= {name: frame.get(name, {}) for name in FRAME}
        self._rows["classes"] = {key: row for key, row in self._rows["classes"].items() if key in needed}

    def rows(self, name: str) -> Iterator[Row]:
        """As `Tables.rows`."""
        for key, values in self._rows[name].items():
            yield Row(values, self._positions.get((name, key), f"{name}.csv:earlier"))


def after_whole(before: dict[str, dict[str, Any]], said: dict[str, dict[str, Any]], files: Collection[str]) -> dict[str, dict[str, Any]]:
    """What is kept of a student after a whole package: of files that it does not have (`files`) what came before stays, or is changed."""
    staying = {name: rows for name, rows in before.items() if name not in KEPT and name not in files}
    for name, rows in staying.items():
        newer = {key: row for key, row in said.get(name, {}).items() if changed_at(Row(rows.get(key, {}), "")) <= changed_at(Row(row, ""))}
        said = {**said, name: {**rows, **newer}}
    return said


def within(tables: dict[str, dict[str, Any]], most: int) -> tuple[dict[str, dict[str, Any]], Counter[str]]:
    """The tables, of the files that are not read no more than `most` bytes of JSON, what came first; and how many rows of each are left."""
    others = {name: rows for name, rows in tables.items() if name not in KEPT}
    left: Counter[str] = Counter()
    if sum(len(msgspec.json.encode(rows)) for rows in others.values()) <= most:
        return tables, left
    for name, rows in others.items():
        held: dict[str, Any] = {}
        for key, row in rows.items():
            most -= len(msgspec.json.encode(row)) + len(key)
            if most >= 0:
                held[key] = row
            else:
                left[name] += 1
        tables = {**tables, name: held}
    return tables, left


def changed_at(row: Row) -> datetime:
    """dateLastModified; before every instant where there is none, as in a whole file."""
    try:
        instant = datetime.fromisoformat(row["dateLastModified"].strip())
    except ValueError:
        return NEVER
    return instant if instant.tzinfo is not None else instant.replace(tzinfo=UTC)


NEVER: Final = datetime.min.replace(tzinfo=UTC)


def agents_of(user: Values) -> list[str]:
    """The sourcedIds of a user's agents."""
    return Row(user, "").list("agentSourcedIds")


def to_be_deleted(row: Values) -> bool:
    """Whether the source deleted the row."""
    return Row(row, "").to_be_deleted
