"""Records in the field's formats: for agencies and parties that take files of them."""

from uuid import UUID

from safepassage.client.call import Call, fetching


def read_msix_package(evidence_id: UUID, agency_id: UUID) -> Call[bytes]:
    """Migratory children's minimum data elements as CSV files in a zip, on an audit mandate on record. Scope records:msix."""
    return fetching("/v1/msix-package", accept="application/zip", query={"evidence_id": evidence_id, "agency_id": agency_id})
