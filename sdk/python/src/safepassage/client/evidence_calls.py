"""The operations on the evidence that disclosures rest on, as `safepassage.client.calls`."""

from uuid import UUID

from safepassage.client.call import Call, Page, paged, path_of, reading, writing
from safepassage.wire_evidence import Evidence, EvidenceRevocation, Kind
from safepassage.wire_evidence_pages import EvidencePage, EvidenceState


def record_evidence(evidence: Kind, *, idempotency_key: str | None = None) -> Call[Evidence]:
    """Put evidence of a legal basis on record. Scope evidence:write; a secret order takes evidence:sealed too."""
    return writing("POST", "/v1/evidence", evidence, Evidence, idempotency_key=idempotency_key)


def list_evidence(
    *, state: EvidenceState | None = None, kind: str | None = None, organisation_id: UUID | None = None, limit: int | None = None
) -> Call[Page[EvidencePage]]:
    """The evidence of the caller's organisation and those below it, newest first. Scopes as `read_evidence`."""
    query = {"state": state, "kind": kind, "organisation_id": organisation_id, "limit": limit}
    return paged("/v1/evidence", EvidencePage, query=query)


def read_evidence(evidence_id: UUID) -> Call[Evidence]:
    """Evidence in full. Scope evidence:read, evidence:write or evidence:sealed; the text of a threat takes evidence:sealed."""
    return reading(path_of("/v1/evidence/{id}", id=evidence_id), Evidence)


def revoke_evidence(evidence_id: UUID, revocation: EvidenceRevocation, *, idempotency_key: str | None = None) -> Call[Evidence]:
    """End evidence: no decision that starts from then on relies on it. Scope evidence:write."""
    path = path_of("/v1/evidence/{id}/revocation", id=evidence_id)
    return writing("POST", path, revocation, Evidence, idempotency_key=idempotency_key)
