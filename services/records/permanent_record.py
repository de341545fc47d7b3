"""What of a record may stay where a parent has it destroyed: the permanent record of 34 CFR 300.624(b). Pure.

The paragraph names what may be kept without a time limit: "a student's name, address, and phone number, his or her grades, attendance
record, classes attended, grade level completed, and year completed". Nothing else stays: not the date of birth, and no identifier.
"""

from collections.abc import Sequence
from typing import Final

from safepassage.problems.records import NothingToRelease
from services.records.record_sources import NO_SECTION, Part, merged, parts_of, record_of
from services.records.release import part_of

PERMANENT: Final = (
    "identity.name",
    "contacts.addresses",
    "contacts.telephones",
    "enrollment.enrollments",
    "attendance.events",
    "attendance.summary",
    "academics.current_courses",
    "academics.transcript",
    "academics.grade_point_averages",
)


def permanent_parts(parts: Sequence[Part]) -> list[Part]:
    """What stays of each source, statements with what they contest (34 CFR 99.21(c)). Raises StatementOfDisagreementMissing."""
    staying = []
    for source in dict.fromkeys(part.source for part in parts):
        said = [part for part in parts if part.source == source and part.section not in NO_SECTION]
        if not said:
            continue
        try:
            record = part_of(record_of(merged(said)), PERMANENT)
        except NothingToRelease:
            continue
        staying += parts_of(record, source=source, version=max(part.version for part in said))
    return staying
