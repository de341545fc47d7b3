"""Calls about the evidence that disclosures rest on, and about agreements of every kind."""

from typing import Final, Literal
from uuid import UUID

from pydantic import TypeAdapter

from safepassage.client.call import Call, Page, Read, one_of, paged, path_of, reading, reading_any, writing, writing_any
from safepassage.wire_agreement_use import AgreementDocument, AgreementUse
from safepassage.wire_evidence import AnyAgreement, Evidence, EvidenceRevocation, Kind
from safepassage.wire_evidence_pages import EvidencePage, EvidenceState
from safepassage.wire_lists import AgreementOrder, AgreementPage, DestructionAttestations
from safepassage.wire_policy import AgreementAmendment, AgreementTermination
from safepassage.wire_programmes import AuditAgreement, NewAuditAgreement, NewStudyAgreement, StudyAgreement

_AGREEMENTS: Final[TypeAdapter[AnyAgreement]] = TypeAdapter(AnyAgreement)
ONE_AGREEMENT: Final[Read[AnyAgreement]] = one_of(_AGREEMENTS)


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


def record_audit_agreement(agreement: NewAuditAgreement, *, idempotency_key: str | None = None) -> Call[AuditAgreement]:
    """Put the agreement that designates an authorised representative on record (34 CFR 99.35(a)(3)). Scope agreements:write."""
    return writing("POST", "/v1/agreements", agreement, AuditAgreement, idempotency_key=idempotency_key)


def record_study_agreement(agreement: NewStudyAgreement, *, idempotency_key: str | None = None) -> Call[StudyAgreement]:
    """Put the agreement of a study on record (34 CFR 99.31(a)(6)). Scope agreements:write."""
    return writing("POST", "/v1/agreements", agreement, StudyAgreement, idempotency_key=idempotency_key)


def read_agreement(agreement_id: UUID) -> Call[AnyAgreement]:
    """An agreement of any kind, told by its `kind`; a vendor sees its own. Scope agreements:read or agreements:write."""
    return reading_any(path_of("/v1/agreements/{id}", id=agreement_id), ONE_AGREEMENT)


def terminate_agreement(agreement_id: UUID, termination: AgreementTermination, *, idempotency_key: str | None = None) -> Call[AnyAgreement]:
    """End an agreement of any kind. Scope agreements:write."""
    path = path_of("/v1/agreements/{id}/termination", id=agreement_id)
    return writing_any(path, termination, ONE_AGREEMENT, idempotency_key=idempotency_key)


def amend_agreement(agreement_id: UUID, amendment: AgreementAmendment, *, idempotency_key: str | None = None) -> Call[AnyAgreement]:
    """Put a signed amendment of an agreement of any kind on record. Scope agreements:write."""
    path = path_of("/v1/agreements/{id}/amendments", id=agreement_id)
    return writing_any(path, amendment, ONE_AGREEMENT, idempotency_key=idempotency_key)


def list_agreements(
    *,
    state: Literal["current", "ending", "over", "all"] | None = None,
    recipient_id: UUID | None = None,
    sort: AgreementOrder | None = None,
    limit: int | None = None,
) -> Call[Page[AgreementPage]]:
    """Agreements, those that end first in front. Scope agreements:read or agreements:write."""
    return paged("/v1/agreements", AgreementPage, query={"state": state, "recipient_id": recipient_id, "sort": sort, "limit": limit})


def read_agreement_use(agreement_id: UUID, *, newest: int | None = None) -> Call[AgreementUse]:
    """What of an agreement's schedule is used. Scope agreements:read or agreements:write."""
    return reading(path_of("/v1/agreements/{id}/use", id=agreement_id), AgreementUse, query={"newest": newest})


def list_destruction_attestations(agreement_id: UUID) -> Call[DestructionAttestations]:
    """What a party says that it has destroyed. Scope obligations:read, obligations:discharge or destruction:attest."""
    return reading(path_of("/v1/agreements/{id}/destruction-attestations", id=agreement_id), DestructionAttestations)


def export_agreement(agreement_id: UUID) -> Call[AgreementDocument]:
    """An agreement's facts in a neutral form. Scope agreements:read or agreements:write."""
    return reading(path_of("/v1/agreements/{id}/document", id=agreement_id), AgreementDocument)


def import_agreement(document: AgreementDocument, *, idempotency_key: str | None = None) -> Call[AnyAgreement]:
    """Put an agreement of any kind on record from such a document. Scope agreements:write."""
    return writing_any("/v1/agreements/documents", document, ONE_AGREEMENT, idempotency_key=idempotency_key)
