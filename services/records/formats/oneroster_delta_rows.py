"""Rows of a OneRoster delta: why one cannot be put onto anything, which say something else now, who is left nowhere. Pure."""

from collections.abc import Mapping, Set
from dataclasses import dataclass
from datetime import date, tzinfo

from services.records.formats.not_valid import Fault
from services.records.formats.oneroster_kept import KEPT, NEVER, Rows, Values, changed_at, to_be_deleted
from services.records.formats.oneroster_tables import Row
from services.records.formats.parsed import ParsedStudent


@dataclass(frozen=True)
class Affected:
    """A student whom the delta concerns: the rows as they are after it, and the elements that it says."""

    rows: Rows
    elements: frozenset[str]
    was_here: bool


def nowhere(identifier: str, one: Affected) -> bool:
    """Whether the student has no role and no class any more."""
    rows = [*one.rows["roles"].values(), *one.rows["enrollments"].values()]
    theirs = [row for row in rows if row.get("userSourcedId") == identifier and row.get("role") == "student"]
    return bool(one.elements) and all(to_be_deleted(row) for row in theirs)


def left_on(identifier: str, one: Affected, today: date, zone: tzinfo) -> ParsedStudent:
    """A student who has neither role nor class any more: membership ends on the day on which the last role was deleted."""
    days = [
        day
        for row in one.rows["roles"].values()
        if row.get("userSourcedId") == identifier and (day := Row(row, "").day_there("dateLastModified", zone))
    ]
    return ParsedStudent(identifier, "users.csv:earlier", None, ended_on=max(days, default=today))


def faults_of_row(row: Row, key: str, *, says_what_changed: bool) -> list[Fault]:
    """Why a row cannot be put onto anything: of a file of changes each has its status and its date."""
    found = [] if key else [Fault("sourcedId", "required")]
    if says_what_changed:
        status = row["status"].strip()
        if status.casefold() not in ("active", "tobedeleted"):
            found.append(Fault("status", "enum" if status else "required"))
        if changed_at(row) <= NEVER:
            found.append(Fault("dateLastModified", "format" if row["dateLastModified"].strip() else "required"))
    return found


def differing(table: str, before: Mapping[str, Values], after: Mapping[str, Values]) -> frozenset[str]:
    """The rows that say something else now of what is read, whenever they changed."""
    read = KEPT[table] - {"dateLastModified"}
    return frozenset(key for key, row in after.items() if _content(before.get(key), read) != _content(row, read))


def _content(row: Values | None, read: Set[str]) -> Values | None:
    return None if row is None else {column: value for column, value in row.items() if column in read}


def refers(rows: Rows, moved: Mapping[str, frozenset[str]]) -> bool:
    """Whether a place or a role is at something that is another one now."""
    places = [*rows["enrollments"].values(), *rows["roles"].values()]
    return any(
        row.get("classSourcedId") in moved["classes"] or not moved["orgs"].isdisjoint((row.get("orgSourcedId"), row.get("schoolSourcedId")))
        for row in places
    )
