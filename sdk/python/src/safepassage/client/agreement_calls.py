"""The operations on agreements of every kind, as `safepassage.client.calls`."""

from typing import Final, Literal
from uuid import UUID

from pydantic import TypeAdapter

from safepassage.client.call import Call, Page, Read, one_of, paged, path_of, reading, reading_any, writing, writing_any
from safepassage.wire_agreement_use import AgreementDocument, AgreementUse
from safepassage.wire_evidence import AnyAgreement
from safepassage.wire_lists import AgreementOrder, AgreementPage, DestructionAttestations
from safepassage.wire_policy import Agreement, AgreementAmendment, AgreementTermination, NewAgreement
from safepassage.wire_programmes import AuditAgreement, NewAuditAgreement, NewStudyAgreement, StudyAgreement

_AGREEMENTS: Final[TypeAdapter[AnyAgreement]] = TypeAdapter(AnyAgreement)

ONE_AGREEMENT: Final[Read[AnyAgreement]] = one_of(_AGREEMENTS)


def record_agreement(agreement: NewAgreement, *, idempotency_key: str | None = None) -> Call[Agreement]:
    """Put an agreement with a party that acts for districts on record. Scope agreements:write."""
    return writing("POST", "/v1/agreements", agreement, Agreement, idempotency_key=idempotency_key)


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
