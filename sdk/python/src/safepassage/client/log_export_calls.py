"""The operations of an export of the log, as `safepassage.client.calls`. `safepassage.client.log_export` makes one of them."""

from safepassage.client.call import Call, asking, asking_for_file, taking
from safepassage.wire_exports import GivenPart, ManifestRequest, NewExport, PartRequest, PlannedExport, SignedManifest


def plan_log_export(new: NewExport) -> Call[PlannedExport]:
    """Plan an export of the log; logged. `safepassage.client.log_export` does the rest. Scope audit:export."""
    return asking("/v1/log/exports", new, PlannedExport)


def read_log_export_part(asked: PartRequest) -> Call[GivenPart]:
    """One part of a planned export. Scope audit:export."""
    call = asking_for_file(
        "/v1/log/exports/parts", asked, lambda response: GivenPart(response.content, response.headers.get("export-part", ""))
    )
    return taking(60, call)


def sign_log_export_manifest(asked: ManifestRequest) -> Call[SignedManifest]:
    """The signed manifest of an export whose parts were all fetched; logged. Scope audit:export."""
    return asking("/v1/log/exports/manifest", asked, SignedManifest)
