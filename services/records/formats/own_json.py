"""Our own JSON as a roster: one NewStudent a line (JSON Lines, UTF-8). A line is the whole record and replaces what was there."""

from collections.abc import Iterator
from typing import Final

from pydantic import ValidationError

from safepassage.problems.records import UnreadableRoster
from safepassage.record.loads import NewStudent
from services.records.formats.parsed import Findings

FORMAT: Final = "safe-passage-json-lines"


def read_own_json(data: bytes, findings: Findings) -> Iterator[tuple[NewStudent, str]]:
    """Each student with the position of its line. A line that is not valid is reported, and the next is read.

    Raises UnreadableRoster if there is no line that is.
    """
    read = 0
    for number, line in enumerate(data.splitlines(), start=1):
        if not line.strip():
            continue
        position = f"line:{number}"
        try:
            student = NewStudent.model_validate_json(line)
        except ValidationError:
            findings.missed("not-valid", position)
            continue
        read += 1
        findings.counts["students"] += 1
        yield student, position
    if not read:
        raise UnreadableRoster("no line holds a student")
