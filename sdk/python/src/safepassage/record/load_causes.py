"""Why something of an upload was not loaded as its sender meant it: each reason of a report, its kind, and what to do. Data."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from safepassage.record.load_reports import CauseKind


class Cause(NamedTuple):
    """What a reason means."""

    kind: CauseKind
    title: str
    remedy: str


_UNKNOWN_ROW: Final = "Send the row that it refers to in the same package, or correct the reference in the source system."

CAUSES: Final[Mapping[str, Cause]] = MappingProxyType(
    {
        "not-valid": Cause(
            "not-valid",
            "A value is not one of its kind, or is missing where it must be",
            "Correct the row or element at the position: lengths, dates, codes, what the format requires. The rest was loaded.",
        ),
        "not-of-schema": Cause(
            "not-valid",
            "An element is not as the published schema of the standard has it",
            "Correct what not_valid names: the path of elements and the rule. What can be read of it was loaded, the rest is kept.",
        ),
        "student-id-missing": Cause("not-valid", "A student has no id", "Give the student the id by which the source system knows it."),
        "entry-date-missing": Cause("not-valid", "An enrollment has no first day", "Send beginDate, or a term with dates for the class."),
        "birth-date-missing": Cause(
            "not-valid",
            "A student has no date of birth",
            "Send it: without it nothing about the student is decided, and so nothing is disclosed.",
        ),
        "enrollment-missing": Cause(
            "not-valid",
            "A student has no enrollment",
            "Send the enrollment: without it nobody below the loader sees the student.",
        ),
        "user-unknown": Cause("not-resolved", "A row names a user that the package lacks", _UNKNOWN_ROW),
        "agent-unknown": Cause("not-resolved", "A student names an agent that the package lacks", _UNKNOWN_ROW),
        "org-unknown": Cause("not-resolved", "A row names an organization that the package lacks", _UNKNOWN_ROW),
        "class-unknown": Cause("not-resolved", "An enrollment names a class that the package lacks", _UNKNOWN_ROW),
        "course-unknown": Cause("not-resolved", "A class names a course that the package lacks", _UNKNOWN_ROW),
        "session-unknown": Cause("not-resolved", "A class names a session that the package lacks", _UNKNOWN_ROW),
        "student-unknown": Cause("not-resolved", "An element names a student that the upload lacks", _UNKNOWN_ROW),
        "contact-unknown": Cause("not-resolved", "An association names a contact that the upload lacks", _UNKNOWN_ROW),
        "school-unknown": Cause("not-resolved", "An element names a school that the upload lacks", _UNKNOWN_ROW),
        "incident-unknown": Cause("not-resolved", "An action names an incident that the upload lacks", _UNKNOWN_ROW),
        "enrollment-not-resolved": Cause(
            "not-resolved",
            "A student's present school is none of the loader's in this node",
            "Name the school by the NCES or state id by which the node knows it, or have the state agency register the school.",
        ),
        "sourced-id-twice": Cause("not-agreed", "Two rows of a file have one sourcedId; the last one counts", "Give each its own."),
        "older-than-held": Cause(
            "not-agreed",
            "A change is older than one of the same row that was loaded before; the newer one counts",
            "Send deltas in the order in which they were made.",
        ),
        "earlier-rows-missing": Cause(
            "not-resolved",
            "A change is about a student of whom no whole package was kept",
            "Send the whole roster once: deltas follow it.",
        ),
        "source-id-twice": Cause("not-agreed", "One student comes twice; the first one counts", "Send each student once."),
        "student-id-twice": Cause("not-agreed", "Two students have one id; the first one counts", "Give each its own."),
        "id-twice": Cause("not-agreed", "Two resources that differ have one id; the last one counts", "Give each its own, or send one."),
        "may-be-here-already": Cause(
            "not-agreed",
            "The student may be one whose record came from another state",
            "Compare the two and, if they are one child, load the student with the identifiers of the record that came.",
        ),
        "resource-not-read": Cause(
            "not-read",
            "A resource is of no student, and none that is read",
            "Nothing to do, unless it was expected to be read: it stays with the source.",
        ),
        "of-no-student-alone": Cause(
            "not-read",
            "Something is said of no student, or of several: of a school, of an incident, of a contact of nobody here",
            "Nothing to do, unless it was expected to be loaded: it stays with the source. Each member is listed once.",
        ),
        "member-kept": Cause(
            "not-read",
            "A resource says something that the record has no place for",
            "Nothing to do: it is kept beside the record as it came. Each member is listed once, with the first place that has it.",
        ),
        "member-left": Cause(
            "not-read",
            "A resource says something that the record has no place for",
            "Nothing to do: the district keeps its students' records in its own system, and so this too. Each member is listed once.",
        ),
        "source-id-left": Cause(
            "not-read",
            "A resource has an id, a version or a link by which the source's own system knows it",
            "Nothing to do: it says nothing of anybody and stays with the source. Each member is listed once for each resource.",
        ),
        "file-kept": Cause(
            "not-read",
            "A file with rows is not one that is read",
            "Nothing to do: it is kept as it came, beside the records of whom its rows name, or with the source where they name nobody.",
        ),
        "file-not-read": Cause(
            "not-read",
            "A file with something in it is not one that is read, and does not say whose its rows are",
            "It is not kept. Name the student in a column studentSourcedId or userSourcedId, as CSV in UTF-8, if it is to be.",
        ),
        "element-not-read": Cause(
            "not-read",
            "An element of a document is not one that is read",
            "Nothing to do: it is kept beside the record as it came.",
        ),
        "column-kept": Cause(
            "not-read",
            "A filled column is none that is read",
            "Nothing to do: it is kept beside the record as it came. What it says in a column that is read, if there is one, is loaded.",
        ),
        "column-not-read": Cause(
            "not-read", "A filled column is not one that the format has", "Send what it says in a column of the format, if there is one."
        ),
        "value-kept": Cause(
            "not-read",
            "A value is none that its column is read for, or says more than is read",
            "Correct the value if it is wrong: it is kept beside the record as it came, and the rest of the row was loaded.",
        ),
        "secret-left": Cause(
            "not-read",
            "A password or a social security number stands in a roster",
            "It is neither read nor kept. Leave it out of what is sent.",
        ),
        "row-of-no-student": Cause(
            "not-read",
            "Rows are of people who are no students of the load, and no student's contacts: staff, for instance",
            "Nothing to do, unless they were expected to be loaded: they stay with the source, and the file is listed once.",
        ),
        "too-much-to-keep": Cause(
            "not-read",
            "More is sent beside what is read than is kept of a row, of a student or of a source",
            "Send less beside the roster: what came first is kept, and the rest stays with the source.",
        ),
        "programme-not-in-the-record": Cause(
            "not-read",
            "A program is none that the record has a place for",
            "Nothing to do: it is kept beside the record as it came.",
        ),
    }
)
"""Every reason that a load may have."""
