"""The rows of a OneRoster package, put together by what refers to what, before a record is made of any of them."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any, Protocol

from safepassage.record.academics import CurrentCourse
from safepassage.record.enrollment import Enrollment
from services.records.formats.made_once import Reference, reference_of
from services.records.formats.oneroster_csv import SCED, TERM
from services.records.formats.oneroster_tables import Row
from services.records.formats.parsed import Findings


@dataclass
class RosterClass:
    """A class with what its course and terms say."""

    title: str
    code: str
    course_code: str
    sced: str
    term: str
    school: str
    begins: date | None
    courses: dict[tuple[date | None, str], CurrentCourse] = field(default_factory=dict)
    """What it is of a student who began on a day, under a SCED code: the same for all who did."""


@dataclass
class GatheredRoster:
    """The package, by sourcedId."""

    findings: Findings
    orgs: dict[str, Row] = field(default_factory=dict)
    named: dict[str, Reference] = field(default_factory=dict)
    """Organisations, as a record names them."""
    classes: dict[str, RosterClass] = field(default_factory=dict)
    demographics: dict[str, Row] = field(default_factory=dict)
    users: dict[str, Row] = field(default_factory=dict)
    roles: dict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))
    enrollments: dict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))
    """In classes, as a student."""

    stays: dict[tuple[Any, ...], list[Enrollment]] = field(default_factory=dict)
    """Enrolments by roles and grades, of which many students have the same."""

    def roles_of(self, user: str) -> frozenset[str]:
        """What a user is: by roles.csv, or by being enrolled in a class as a student."""
        rows = self.roles.get(user, ())
        if len(rows) > 1:
            return frozenset(row["role"] for row in rows)
        return _alone(rows[0]["role"] if rows else "student" if user in self.enrollments else self.users[user]["role"])

    def organisation(self, identifier: str) -> Reference | None:
        """As a record names it; None where orgs.csv lacks it."""
        made = self.named.get(identifier)
        if made is None and identifier in self.orgs:
            made = self.named[identifier] = reference_of(_members_of(identifier, self.orgs[identifier]))
        return made

    def district(self, school: str) -> Reference | None:
        """The district right above a school, if it is one."""
        parent = self.orgs[school]["parentSourcedId"] if school in self.orgs else ""
        return self.organisation(parent) if parent in self.orgs and self.orgs[parent]["type"] in ("district", "local") else None


@lru_cache(maxsize=256)
def _alone(role: str) -> frozenset[str]:
    """Most users are one thing."""
    return frozenset({role})


class Readable(Protocol):
    """The tables of a package, or what is kept of one."""

    def rows(self, name: str) -> Iterator[Row]:
        """The rows of a file; none where it is absent."""
        ...


def gathered(tables: Readable, findings: Findings) -> GatheredRoster:
    """Every table that records are made of; what refers to nothing there is a finding."""
    roster = GatheredRoster(findings)
    for name in ("orgs", "users", "demographics"):
        held: dict[str, Row] = getattr(roster, name)
        for row in tables.rows(name):
            findings.counts[name] += 1
            if row["sourcedId"] in held:
                findings.missed("sourced-id-twice", row.position)
            held[row["sourcedId"]] = row
    sessions = {row["sourcedId"]: row for row in tables.rows("academicSessions") if not row.to_be_deleted}
    courses = {row["sourcedId"]: row for row in tables.rows("courses") if not row.to_be_deleted}
    for row in tables.rows("classes"):
        findings.counts["classes"] += 1
        if not row.to_be_deleted:
            roster.classes[row["sourcedId"]] = _class(row, courses, sessions, findings)
    for row in tables.rows("roles"):
        if not row.to_be_deleted:
            _refer(row, "userSourcedId", roster.users, "user-unknown", findings)
            roster.roles[row["userSourcedId"]].append(row)
    for row in tables.rows("enrollments"):
        findings.counts["enrollments"] += 1
        if row["role"] == "student" and not row.to_be_deleted and _refer(row, "userSourcedId", roster.users, "user-unknown", findings):
            roster.enrollments[row["userSourcedId"]].append(row)
    for identifier, row in roster.demographics.items():
        if identifier not in roster.users:
            findings.missed("user-unknown", row.position)
    return roster


def _refer(row: Row, column: str, known: dict[str, Any], reason: str, findings: Findings) -> bool:
    """Whether what `row` refers to is there; a finding if not."""
    if row[column] in known:
        return True
    findings.missed(reason, row.position)
    return False


def _class(row: Row, courses: dict[str, Row], sessions: dict[str, Row], findings: Findings) -> RosterClass:
    _refer(row, "courseSourcedId", courses, "course-unknown", findings)
    terms = [sessions[term] for term in row.list("termSourcedIds") if term in sessions]
    if len(terms) < len(row.list("termSourcedIds")):
        findings.missed("session-unknown", row.position)
    begins = [day for term in terms if (day := term.day("startDate"))]
    course = courses.get(row["courseSourcedId"])
    code, sced = (course["courseCode"], course[SCED]) if course else ("", "")
    school = row["schoolSourcedId"]
    return RosterClass(row["title"], row["classCode"], code, sced, row[TERM], school, min(begins, default=None))


def _members_of(identifier: str, org: Row) -> dict[str, Any]:
    number = org["identifier"]
    nces = number.isascii() and number.isdigit() and len(number) in (7, 12)
    return {"name": org["name"], "local_id": identifier} | ({"nces_id" if nces else "state_id": number} if number else {})
