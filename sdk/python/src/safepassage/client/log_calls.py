"""The operations that question the log at large, as `safepassage.client.calls`."""

from safepassage.client.call import Call, Page, asking, searching
from safepassage.wire_log_radius import BlastRadius, BlastRadiusRequest, TouchedStudents


def measure_blast_radius(asked: BlastRadiusRequest) -> Call[BlastRadius]:
    """What a credential, key, person or organisation touched between two instants, counted; logged. Scope audit:search."""
    return asking("/v1/log/blast-radius", asked, BlastRadius)


def list_blast_radius(asked: BlastRadiusRequest, *, limit: int | None = None) -> Call[Page[TouchedStudents]]:
    """The same, a row for each student of each entry, `limit` entries a page; logged. Scope audit:search."""
    return searching("/v1/log/blast-radius/rows", asked, TouchedStudents, query={"limit": limit})
