"""The operations on students, their records and their rosters, as `safepassage.client.calls`."""

from datetime import datetime
from uuid import UUID

from safepassage.client.call import Call, Page, asking, paged, path_of, reading, taking, uploading, writing
from safepassage.record.load_reports import LoadQuality, LoadQualityPage
from safepassage.record.loads import (
    ChangedStudent,
    FoundStudents,
    LoadedStudent,
    LoadReport,
    NewStudent,
    RosterPage,
    Student,
    StudentLookup,
)


def lookup_students(lookup: StudentLookup) -> Call[FoundStudents]:
    """Find students of the caller's own organisation; logged. Scope records:read."""
    return asking("/v1/students/lookup", lookup, FoundStudents)


def read_student(student_id: UUID, *, elements: tuple[str, ...] | None = None) -> Call[Student]:
    """A student's record, as far as the caller may see it; logged. Scope records:read."""
    return reading(path_of("/v1/students/{id}", id=student_id), Student, query={"elements": _list(elements)})


def load_student(student: NewStudent, *, idempotency_key: str | None = None) -> Call[LoadedStudent]:
    """Load a student with the whole record; the same source id again replaces it. Scope records:load."""
    return writing("POST", "/v1/students", student, LoadedStudent, idempotency_key=idempotency_key)


def change_student(student_id: UUID, student: ChangedStudent, *, idempotency_key: str | None = None) -> Call[LoadedStudent]:
    """Replace a student's record at the version that was read. Scope records:load."""
    return writing("PUT", path_of("/v1/students/{id}", id=student_id), student, LoadedStudent, idempotency_key=idempotency_key)


def load_roster(roster: bytes, media_type: str, *, idempotency_key: str | None = None) -> Call[LoadReport]:
    """Load a roster: OneRoster 1.2 CSV, Ed-Fi XML or Ed-Fi API files (application/zip), API resources in one document
    (application/vnd.ed-fi+json), or NewStudent lines (application/x-ndjson). Scope records:load."""
    return taking(120, uploading("/v1/rosters", roster, media_type, LoadReport, idempotency_key=idempotency_key))


def list_load_reports(*, since: datetime | None = None, limit: int | None = None) -> Call[Page[LoadQualityPage]]:
    """Loads of the caller's organisation, in the order in which they were done, each with what went wrong by cause. Scope records:load.

    since  the latest `loaded_at` that was read before: what was done since then is told, and what had begun then perhaps again
    """
    return paged("/v1/load-reports", LoadQualityPage, query={"since": None if since is None else since.isoformat(), "limit": limit})


def read_load_report(load_id: UUID) -> Call[LoadQuality]:
    """What went wrong in one load, by cause. Scope records:load."""
    return reading(path_of("/v1/load-reports/{id}", id=load_id), LoadQuality)


def read_roster_entries(agreement_id: UUID, *, elements: tuple[str, ...] | None = None, limit: int | None = None) -> Call[Page[RosterPage]]:
    """What an agreement schedules of the students in its reach, page by page, under the vendor's own pseudonyms. Scope records:read."""
    return paged("/v1/roster-entries", RosterPage, query={"agreement_id": agreement_id, "elements": _list(elements), "limit": limit})


def _list(values: tuple[str, ...] | None) -> str | None:
    return None if values is None else ",".join(values)
