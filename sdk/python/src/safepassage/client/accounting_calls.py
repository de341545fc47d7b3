"""The operations on the record of disclosures, 34 CFR 99.32, as `safepassage.client.calls`."""

from typing import Literal
from uuid import UUID

from safepassage.client.call import Call, Page, fetching, paged, path_of, reading, taking, writing
from safepassage.wire_log import DisclosureAccounting, DisclosureCopy, DisclosureCopyContent, DisclosureCopyPage, HandedOver, LogOrder


def disclosure_accounting(
    student_id: UUID, *, recordable_only: bool | None = None, sort: LogOrder | None = None, limit: int | None = None
) -> Call[Page[DisclosureAccounting]]:
    """The record of 34 CFR 99.32 for one student, newest first; logged. Scope audit:accounting."""
    path = path_of("/v1/students/{id}/disclosure-accounting", id=student_id)
    return paged(path, DisclosureAccounting, query={"recordable_only": recordable_only, "sort": sort, "limit": limit})


def export_disclosure_accounting_table(
    student_id: UUID, *, recordable_only: bool | None = None, sort: LogOrder | None = None
) -> Call[bytes]:
    """The whole record of 34 CFR 99.32 for one student as CSV; logged. Scope audit:accounting."""
    path = path_of("/v1/students/{id}/disclosure-accounting/table", id=student_id)
    return fetching(path, accept="text/csv", query={"recordable_only": recordable_only, "sort": sort})


def export_disclosure_accounting_document(
    student_id: UUID, *, recordable_only: bool | None = None, language: Literal["en", "es"] | None = None
) -> Call[bytes]:
    """The whole record of 34 CFR 99.32 for one student as a PDF for the parent, in English or Spanish; logged. Scope audit:accounting."""
    path = path_of("/v1/students/{id}/disclosure-accounting/document", id=student_id)
    return taking(60, fetching(path, accept="application/pdf", query={"recordable_only": recordable_only, "language": language}))


def list_disclosure_copies(*, ungiven: bool | None = None, limit: int | None = None) -> Call[Page[DisclosureCopyPage]]:
    """Copies of the record of further disclosures for districts, 34 CFR 99.32(b)(2), newest first. Scope audit:accounting."""
    return paged("/v1/disclosure-copies", DisclosureCopyPage, query={"ungiven": ungiven, "limit": limit})


def read_disclosure_copy(copy_id: UUID) -> Call[DisclosureCopyContent]:
    """A whole copy; when its district reads it first, it is given. Scope audit:accounting."""
    return reading(path_of("/v1/disclosure-copies/{id}", id=copy_id), DisclosureCopyContent)


def read_disclosure_copy_table(copy_id: UUID) -> Call[bytes]:
    """The same as CSV. Scope audit:accounting."""
    return fetching(path_of("/v1/disclosure-copies/{id}/table", id=copy_id), accept="text/csv")


def record_disclosure_copy_delivery(copy_id: UUID, delivery: HandedOver) -> Call[DisclosureCopy]:
    """Put on record that the district got its copy by another way. Scope audit:accounting, the state agency."""
    return writing("POST", path_of("/v1/disclosure-copies/{id}/delivery", id=copy_id), delivery, DisclosureCopy)
