"""Our own JSON as a roster: one NewStudent a line (JSON Lines, UTF-8). A line is the whole record and replaces what was there."""

from typing import Final

from pydantic import ValidationError

from safepassage.elements import BY_ID
from safepassage.problems.records import UnreadableRoster
from safepassage.record.loads import NewStudent
from services.records.formats.json_once import without_mark
from services.records.formats.not_valid import faults_of
from services.records.formats.parsed import ParsedRoster, ParsedStudent

FORMAT: Final = "safe-passage-json-lines"
CARRIES: Final = frozenset(BY_ID)


def read_own_json(data: bytes) -> ParsedRoster:
    """Read the lines. One that is not valid is reported, and the next is read. Raises UnreadableRoster if none is valid."""
    parsed = ParsedRoster(FORMAT, "json", CARRIES)
    for number, line in enumerate(without_mark(data).splitlines(), start=1):
        if not line.strip():
            continue
        position = f"line:{number}"
        try:
            one = NewStudent.model_validate_json(line)
        except ValidationError as error:
            parsed.findings.not_valid(position, faults_of(error))
            continue
        parsed.findings.counts["students"] += 1
        if one.record.enrollment is None:
            parsed.findings.missed("enrollment-missing", position)
        parsed.students.append(ParsedStudent(one.source_id, position, one.record, source_system=one.source_system, as_of=one.as_of))
    if not parsed.students:
        raise UnreadableRoster("no line holds a student")
    return parsed
