"""What is kept of a OneRoster package, so that a delta can follow it: rows by table and sourcedId, of what this node reads. Pure.

Of a student: the user, the agents, demographics, roles, places in classes. Of the source: organisations, sessions, courses, classes, which
tell of no student. A row that the source deleted stays as one that is to be deleted: an older change of it must not bring it back.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Final

from services.records.formats import oneroster_people as people
from services.records.formats.oneroster_csv import RELATION, SCED, TERM, USER_IDS
from services.records.formats.oneroster_tables import Row, Tables

Values = dict[str, str]
"""A row: its filled columns."""
Rows = dict[str, dict[str, Values]]
"""Table → sourcedId → row."""

_HEAD: Final = ("sourcedId", "status", "dateLastModified")
KEPT: Final[dict[str, frozenset[str]]] = {
    "orgs": frozenset({*_HEAD, "name", "type", "identifier", "parentSourcedId"}),
    "academicSessions": frozenset({*_HEAD, "startDate", "endDate"}),
    "courses": frozenset({*_HEAD, "title", "courseCode", SCED}),
    "classes": frozenset({*_HEAD, "title", "classCode", "courseSourcedId", "schoolSourcedId", "termSourcedIds", TERM}),
    "users": frozenset(
        {
            *_HEAD, "userIds", "givenName", "familyName", "middleName", "identifier", "email", "sms", "phone", "agentSourcedIds", "grades",
            "userMasterIdentifier", "preferredGivenName", "preferredFamilyName", "role", USER_IDS, RELATION,
        }
    ),
    "demographics": frozenset(
        {
            *_HEAD, *people.RACES, "birthDate", "sex", "hispanicOrLatinoEthnicity", "cityOfBirth", "stateOfBirthAbbreviation",
            "countryOfBirthCode",
        }
    ),
    "roles": frozenset({*_HEAD, "userSourcedId", "role", "orgSourcedId", "beginDate", "endDate"}),
    "enrollments": frozenset({*_HEAD, "userSourcedId", "classSourcedId", "schoolSourcedId", "role", "beginDate", "endDate"}),
}  # fmt: skip
"""The columns that reading looks at. User names and passwords are not among them."""

FRAME: Final = ("orgs", "academicSessions", "courses", "classes")
OF_STUDENTS: Final = ("users", "demographics", "roles", "enrollments")
OWNED: Final = ("roles", "enrollments")
"""Tables whose rows name their user."""


def kept(table: str, row: Row) -> Values:
    """The row as it is kept. A social security number that stands among the user ids is not."""
    columns = KEPT[table]
    values = row.values if row.values.keys() <= columns else {name: value for name, value in row.values.items() if name in columns}
    if table != "users" or not ("userIds" in values or USER_IDS in values):
        return values
    values = dict(values)
    if "userIds" in values:
        values["userIds"] = ",".join(part for part in row.list("userIds") if people.identifier(part) is not None)
    if USER_IDS in values:
        more = [one for part in people.more_ids(row) if (one := people.identifier(part)) is not None]
        values[USER_IDS] = json.dumps([{"type": one["system"].partition(":")[2], "identifier": one["value"]} for one in more])
    return values


class Keeping:
    """Tables whose rows are kept while they are read."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._rows: Rows = {name: {} for name in KEPT}
        self._owned: dict[str, dict[str, list[str]]] = {name: defaultdict(list) for name in OWNED}

    def rows(self, name: str) -> Iterator[Row]:
        """As `Tables.rows`."""
        rows, owned = self._rows[name], self._owned.get(name)
        for row in self._tables.rows(name, KEPT[name]):
            key = row["sourcedId"] or row.position
            rows[key] = kept(name, row)
            if owned is not None:
                owned[row["userSourcedId"]].append(key)
            yield row

    @property
    def frame(self) -> Rows:
        """What tells of no student."""
        return {name: self._rows[name] for name in FRAME}

    def of_student(self, identifier: str) -> Rows:
        """What is kept of one student."""
        user = self._rows["users"][identifier]
        people_ids = [identifier, *(agent for agent in agents_of(user) if agent in self._rows["users"])]
        demographics = self._rows["demographics"].get(identifier)
        return {
            "users": {one: self._rows["users"][one] for one in people_ids},
            "demographics": {identifier: demographics} if demographics is not None else {},
            "roles": {key: self._rows["roles"][key] for one in people_ids for key in self._owned["roles"].get(one, ())},
            "enrollments": {key: self._rows["enrollments"][key] for key in self._owned["enrollments"].get(identifier, ())},
        }


class Merged:
    """Kept rows as tables: of some students, with what their places in classes refer to."""

    def __init__(self, frame: Rows, students: Iterable[Rows], positions: dict[tuple[str, str], str]) -> None:
        """`positions`: where a delta's rows stand, by table and sourcedId. Any other row came earlier."""
        self._positions = positions
        self._rows: Rows = {name: {} for name in OF_STUDENTS}
        for rows in students:
            for name, held in rows.items():
                self._rows[name] |= held
        # demographics that were deleted say nothing; a deleted user, role or place is told by its status
        self._rows["demographics"] = {key: row for key, row in self._rows["demographics"].items() if not to_be_deleted(row)}
        needed = {row.get("classSourcedId", "") for row in self._rows["enrollments"].values()}
        self._rows |= {name: frame.get(name, {}) for name in FRAME}
        self._rows["classes"] = {key: row for key, row in self._rows["classes"].items() if key in needed}

    def rows(self, name: str) -> Iterator[Row]:
        """As `Tables.rows`."""
        for key, values in self._rows[name].items():
            yield Row(values, self._positions.get((name, key), f"{name}.csv:earlier"))


def agents_of(user: Values) -> list[str]:
    """The sourcedIds of a user's agents."""
    return Row(user, "").list("agentSourcedIds")


def to_be_deleted(row: Values) -> bool:
    """Whether the source deleted the row."""
    return Row(row, "").to_be_deleted
