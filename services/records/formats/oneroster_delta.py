"""A OneRoster delta: rows that changed or are to be deleted since an earlier package, put onto what was kept of it. Pure.

A change that is older than what is kept of the same row is left, whichever came first. A file of the package that is whole replaces its
table. Of a student whom the delta names only those elements change that its tables make; nobody else is touched.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Set
from dataclasses import replace
from datetime import UTC, date, tzinfo
from typing import Final

from safepassage.problems.records import UnreadableRoster
from services.records.formats.archive import Archive
from services.records.formats.oneroster import CARRIES, FORMAT, read_students
from services.records.formats.oneroster_delta_rows import Affected, differing, faults_of_row, left_on, nowhere, refers
from services.records.formats.oneroster_kept import (
    FRAME,
    HEAD,
    KEPT,
    OF_STUDENTS,
    OWNED,
    Merged,
    Rows,
    Values,
    agents_of,
    changed_at,
    kept,
    told,
)
from services.records.formats.oneroster_others import RESULT, RESULTS, files_of
from services.records.formats.oneroster_tables import Row, Tables
from services.records.formats.parsed import Findings, ParsedRoster

SCHOOLING: Final = frozenset({"enrollment.enrollments", "academics.current_courses"})
_DEMOGRAPHICS: Final = frozenset({"identity.birth_date", "identity.birth_place", "identity.sex", "demographics.race_ethnicity"})
SAYS: Final[dict[str, frozenset[str]]] = {
    "demographics": _DEMOGRAPHICS,
    "users": (CARRIES - _DEMOGRAPHICS - SCHOOLING) | {"enrollment.enrollments"},
    **dict.fromkeys((*FRAME, *OWNED), SCHOOLING),
}
"""The elements that the rows of a table make. A user's grade is one of the enrolment."""


class Delta:
    """One package, of which at least one file says what changed."""

    def __init__(self, archive: Archive) -> None:
        """Raises UnreadableRoster."""
        tables = Tables(archive, deltas=True)
        self.source_system, self.findings = tables.source_system, Findings()
        self._changes, self._files = tables.changes, files_of(tables, self.findings)
        self.whole = (frozenset(name for name in OF_STUDENTS if tables.has(name)) | self._of_people) - tables.changes
        """Tables of students that are there in full: they concern every student of the source."""
        if "users" in self.whole:
            raise UnreadableRoster("users.csv is whole beside deltas: send the whole roster")
        self._rows: dict[str, dict[str, Row]] = {name: self._read(name, tables.whole_rows(name, KEPT[name])) for name in KEPT}
        self._rows |= {name: self._read(name, tables.other_rows(name)) for name in self._files}
        self._places: dict[str, dict[str, int]] = {name: {key: at for at, key in enumerate(rows)} for name, rows in self._rows.items()}
        self._owned: dict[str, dict[str, list[str]]] = {name: defaultdict(list) for name in (*OWNED, *self._of_people)}
        self._of_results: dict[str, list[tuple[str, str]]] = defaultdict(list)
        """By the sourcedId of a result: file and key of the rows that refer to it."""
        for name, owned in self._owned.items():
            for key, row in self._rows[name].items():
                owned[self._owner(name, row)].append(key)
                if self._files.get(name) == RESULT:
                    self._of_results[row[RESULT].strip()].append((name, key))
        self._unread = tables.not_read() + [("file-kept", name) for name in self._files if self._rows[name]]
        self._older: set[str] = set()
        self._put_with: dict[str, set[tuple[str, str]]] = defaultdict(set)
        """By student: tables and keys of rows of this delta."""

    @property
    def _of_people(self) -> frozenset[str]:
        return frozenset(name for name, column in self._files.items() if column is not None)

    def _owner(self, name: str, row: Row) -> str:
        """The sourcedId of the user whose row it is; empty where the row does not say it."""
        column = self._files.get(name, "userSourcedId") or ""
        if column == RESULT:
            result = self._rows.get(RESULTS, {}).get(row[RESULT].strip())
            return "" if result is None or RESULTS not in self._of_people else self._owner(RESULTS, result)
        return row[column].strip()

    def _read(self, name: str, those: Iterable[Row]) -> dict[str, Row]:
        rows: dict[str, Row] = {}
        for row in those:
            self.findings.counts[name.removesuffix(".csv")] += 1
            key = row["sourcedId"].strip()
            faults = faults_of_row(row, key, says_what_changed=name in self._changes)
            if faults:
                self.findings.not_valid(row.position, faults)
                continue
            if name in KEPT:
                told(name, row, kept(name, row), self.findings)
            before = rows.get(key)
            if before is not None:
                self.findings.missed("sourced-id-twice", row.position)
            if before is None or changed_at(before) <= changed_at(row):
                rows[key] = row
        return rows

    @property
    def named(self) -> frozenset[str]:
        """The sourcedIds of users whom its rows name, students and others."""
        owners = {owner for owned in self._owned.values() for owner in owned}
        return frozenset({*self._rows["users"], *self._rows["demographics"], *owners} - {""})

    @property
    def ownerless(self) -> bool:
        """Whether a row that is to be deleted does not say whose it is: it has to be looked for."""
        return any("" in owned for owned in self._owned.values())

    def leave_out(self, users: Collection[str]) -> None:
        """Say of these that nothing is kept of them that a change could be put onto."""
        rows = [row for name in ("users", "demographics") for key, row in self._rows[name].items() if key in users]
        rows += [self._rows[name][key] for name, owned in self._owned.items() for one in users for key in owned.get(one, ())]
        for row in rows:
            self.findings.missed("earlier-rows-missing", row.position)

    def frame(self, before: Rows) -> Rows:
        """Organisations, sessions, courses and classes after it. What is not in a whole file stays: other packages may refer to it."""
        names = [*FRAME, *(name for name, column in self._files.items() if column is None)]
        return before | {name: self._put(name, before.get(name, {}), self._rows[name].keys())[0] for name in names}

    def moved(self, before: Rows) -> dict[str, frozenset[str]]:
        """By table of the frame, the sourcedIds of rows that are other ones after it, or that refer to such a row."""
        after = self.frame(before)
        moved = {name: differing(name, before.get(name, {}), after[name]) for name in FRAME}
        moved["orgs"] |= {key for key, row in after["orgs"].items() if row.get("parentSourcedId") in moved["orgs"]}
        of_these = {
            key
            for key, row in after["classes"].items()
            if row.get("courseSourcedId") in moved["courses"]
            or row.get("schoolSourcedId") in moved["orgs"]
            or not moved["academicSessions"].isdisjoint(Row(row, "").list("termSourcedIds"))
        }
        return moved | {"classes": moved["classes"] | of_these}

    def agents_sought(self, before: Mapping[str, Rows]) -> frozenset[str]:
        """Agents whom its users name and who are neither in it nor among what is kept of that user: they are looked for elsewhere."""
        return frozenset(
            agent
            for identifier, row in self._rows["users"].items()
            for agent in row.list("agentSourcedIds")
            if agent not in self._rows["users"] and agent not in before.get(identifier, {}).get("users", {})
        )

    def student(self, identifier: str, before: Rows, moved: Mapping[str, frozenset[str]], agents: Mapping[str, Rows]) -> Affected | None:
        """What it makes of a student's rows; None where it does not concern the student.

        agents  what is kept elsewhere of users who may be agents of this student
        """
        users, said = self._put("users", before.get("users", {}), {identifier})
        elements = SAYS["users"] if said else frozenset()
        roles = dict(before.get("roles", {}))
        for agent in agents_of(users.get(identifier, {})):
            elsewhere = agents.get(agent, {})
            held = users.get(agent) or elsewhere.get("users", {}).get(agent)
            roles = {**elsewhere.get("roles", {}), **roles}
            users |= self._put("users", {} if held is None else {agent: held}, {agent})[0]
        demographics, said = self._put("demographics", before.get("demographics", {}), {identifier})
        elements |= SAYS["demographics"] if said else frozenset()
        found: Rows = {"users": users, "demographics": demographics}
        for name, held_rows, owners in (
            ("roles", roles, set(users) | {identifier}),
            ("enrollments", before.get("enrollments", {}), {identifier}),
        ):
            keys = {key for owner in owners for key in self._owned[name].get(owner, ())} | (held_rows.keys() & self._rows[name].keys())
            found[name], said = self._put(name, held_rows, keys)
            if name in self.whole or any(found[name][key].get("userSourcedId") == identifier for key in said):
                elements |= SAYS[name]
            self._put_with[identifier] |= {(name, key) for key in said}
        if refers(found, moved):
            elements |= SCHOOLING
        found |= self._others(identifier, users, before)
        self._put_with[identifier] |= {(name, key) for name in ("users", "demographics") for key in found[name] if key in self._rows[name]}
        return Affected(found, elements, identifier in before.get("users", {})) if elements or found != before else None

    def _others(self, identifier: str, users: Iterable[str], before: Rows) -> Rows:
        """The rows of files that are not read, after it: the student's and the agents'."""
        found = {name: rows for name, rows in before.items() if name not in KEPT}
        for name, column in self._files.items():
            if column is None:
                continue
            if column == RESULT:
                keys = {key for one in found.get(RESULTS, {}) for file_name, key in self._of_results.get(one, ()) if file_name == name}
            else:
                keys = {key for one in (*users, identifier) for key in self._owned[name].get(one, ())}
            rows, said = self._put(name, before.get(name, {}), keys | (before.get(name, {}).keys() & self._rows[name].keys()))
            self._put_with[identifier] |= {(name, key) for key in said}
            if rows or name in before:
                found[name] = rows
        return found

    def _put(self, name: str, before: Mapping[str, Values], keys: Set[str]) -> tuple[dict[str, Values], frozenset[str]]:
        """The table's rows after those of it at `keys`, and which of them it says. A whole table of students replaces what was there."""
        after: dict[str, Values] = {} if name in self.whole else dict(before)
        said = set()
        place = self._places[name]
        for key in sorted(keys & place.keys(), key=place.__getitem__):
            row, held = self._rows[name][key], before.get(key)
            if held is not None and name in self._changes and changed_at(Row(held, "")) > changed_at(row):
                self._leave(row)
                continue
            # who deletes a row need say no more than that: what it was stays, so that it is found again
            if row.to_be_deleted:
                after[key] = {**(held or {}), **kept(name, row)} if name in KEPT else {one: row[one] for one in HEAD}
            else:
                after[key] = kept(name, row)
            said.add(key)
        return after, frozenset(said)

    def _leave(self, row: Row) -> None:
        if row.position not in self._older:
            self._older.add(row.position)
            self.findings.missed("older-than-held", row.position)

    def roster(self, frame: Rows, affected: Mapping[str, Affected], *, today: date, zone: tzinfo = UTC) -> ParsedRoster:
        """The students whom it concerns, as they are after it. Each says the elements that may change."""
        positions = {(name, key): row.position for name, rows in self._rows.items() for key, row in rows.items()}
        tables = Merged(frame, (one.rows for one in affected.values()), positions)
        parsed = ParsedRoster(FORMAT, self.source_system, CARRIES)
        parsed.findings.faults = self.findings.faults
        read_students(tables, parsed, today=today, zone=zone)
        students = [replace(one, carries=affected[one.source_id].elements) for one in parsed.students if one.source_id in affected]
        theirs = {one.source_id for one in students}
        left = [left_on(key, one, today, zone) for key, one in affected.items() if one.was_here and key not in theirs and nowhere(key, one)]
        parsed.students = students + left
        counts = self.findings.counts + Counter(
            {"students": len(parsed.students), "to-be-deleted": parsed.findings.counts["to-be-deleted"]}
        )
        parsed.findings.counts, parsed.findings.told = counts, self.findings.told
        found = [(one.reason, one.position) for one in self.findings.unresolved]
        for reason, position in [*found, *self._unread]:
            parsed.findings.missed(reason, position)
        self._say_left({one.source_id for one in parsed.students}, affected.keys(), parsed.findings)
        return parsed

    def _say_left(self, students: Set[str], affected: Set[str], findings: Findings) -> None:
        """Say of how many rows nothing is kept, since they are of nobody who is a student or an agent of one."""
        placed = {pair for one, pairs in self._put_with.items() if one in students or one not in affected for pair in pairs}
        reported = {one.position for one in findings.unresolved}
        for name in (*OF_STUDENTS, *sorted(self._of_people)):
            left = [row for key, row in self._rows[name].items() if (name, key) not in placed and row.position not in reported]
            findings.missed_of(sum(not row.to_be_deleted for row in left), "row-of-no-student", f"{name.removesuffix('.csv')}.csv")
