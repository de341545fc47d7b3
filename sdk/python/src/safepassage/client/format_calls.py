"""Records in the field's formats: for agencies and parties that take files of them."""

from typing import Literal
from uuid import UUID

from safepassage.client.call import Call, fetching, path_of, taking


def read_msix_package(evidence_id: UUID, agency_id: UUID, *, without_left: bool = False) -> Call[bytes]:
    """Migratory children's minimum data elements as CSV files in a zip, on an audit mandate on record. Scope records:msix.

    without_left  without the children whose districts keep the records themselves; else RecordsWithDistricts is raised where there are any
    """
    query = {"evidence_id": evidence_id, "agency_id": agency_id} | ({"without_left": "true"} if without_left else {})
    return taking(120, fetching("/v1/msix-package", accept="application/zip", query=query))


def read_roster_document(student: UUID, agreement_id: UUID, format_: Literal["pesc", "sif", "entry"]) -> Call[bytes]:
    """One student of an agreement, under the caller's own pseudonym, as a document. Scope records:read.

    format_  pesc: a PESC High School Transcript 1.5.0; sif: a SIF xSre; entry: JSON, as on a page of roster entries
    """
    path = path_of("/v1/roster-entries/{student}/document", student=student)
    accept = "application/json" if format_ == "entry" else "application/xml"
    return fetching(path, accept=accept, query={"agreement_id": agreement_id, "format": format_})


def read_received_record_as_document(exchange_id: UUID, format_: Literal["pesc", "sif"]) -> Call[bytes]:
    """The record that came with an exchange, as a document. Scopes exchange:request and records:read."""
    path = path_of("/v1/exchange-requests/{id}/record", id=exchange_id)
    return fetching(path, accept="application/xml", query={"format": format_})
