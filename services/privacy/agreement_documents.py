"""An agreement's facts as a document that other systems write and read: never its text, of which the digest is there."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from sqlalchemy import select

from safepassage.problems.evidence import AmendmentNotPossible, ClauseMissing
from safepassage.problems.privacy import DistrictNotYours, NoSuchAgreement, NoSuchRecipient, UnknownElement, UnknownPurpose
from safepassage.problems.requests import InvalidRequest
from safepassage.wire_agreement_use import AgreementClause, AgreementDocument, AgreementParty
from safepassage.wire_evidence import AnyAgreement
from safepassage.wire_programmes import AuditAgreement
from services.privacy.agreement_amendments import add_amendment
from services.privacy.agreement_records import agreement_by_id, visible_agreement
from services.privacy.agreements import Reader, Writer, put_on_record
from services.privacy.policy.agreement_facts import CLAUSES, state_clauses_in_force
from services.privacy.policy.calendar_days import Place
from services.privacy.rights import zone_name_of
from services.privacy.tables import OrganisationRow
from shared.database import ReadOnly, Transaction
from shared.idempotency import Once
from shared.problems import responses
from shared.request_clock import Now

router = APIRouter(prefix="/v1/agreements", tags=["agreements"])

CONTRACTOR_CLAUSES: Final = {
    "institutional_service": "34 CFR 99.31(a)(1)(i)(B)(1)",
    "direct_control": "34 CFR 99.31(a)(1)(i)(B)(2)",
    "redisclosure_limits": "34 CFR 99.31(a)(1)(i)(B)(3)",
    "legitimate_interest": "34 CFR 99.7(a)(3)(iii)",
    "destruction": None,
    "security": None,
    "breach_notice": None,
}
"""Members of a contractor's agreement that say where a clause stands; None where no paragraph of the regulation asks for it."""

_ON_RECORD: Final = {"id", "recorded_at", "terminated_at", "amendments"}


@router.get("/{agreement_id}/document", responses=responses(NoSuchAgreement))
async def export_agreement(agreement_id: UUID, request: Request, caller: Reader, tx: ReadOnly, now: Now) -> AgreementDocument:
    """The facts of an agreement in a neutral form, with its amendments, its parties, and each clause and who asks for it."""
    agreement = await visible_agreement(tx, caller, agreement_id)
    named = {agreement.recipient_id, *agreement.district_ids}
    if isinstance(agreement, AuditAgreement):
        named.add(agreement.authority_id)
    zone = await zone_name_of(tx, request.app.state.settings.node_organisation_id)
    organisations = [row.organisation for row in await tx.scalars(select(OrganisationRow).where(OrganisationRow.id.in_(named)))]
    return AgreementDocument.model_validate(
        {
            "agreement": agreement.model_dump(exclude=_ON_RECORD),
            "amendments": agreement.amendments,
            "terminated_at": agreement.terminated_at,
            "parties": tuple(
                AgreementParty(id=it.id, kind=it.kind, name=it.name, nces_id=it.nces_id, state_id=it.state_id)
                for it in sorted(organisations, key=lambda it: it.id)
            ),
            "clauses": _clauses(agreement, Place.at(zone, now)),
        }
    )


@router.post(
    "/documents",
    status_code=201,
    responses=responses(
        DistrictNotYours, NoSuchRecipient, UnknownElement, UnknownPurpose, ClauseMissing, AmendmentNotPossible, InvalidRequest
    ),
)
async def import_agreement(
    document: AgreementDocument, request: Request, caller: Writer, tx: Transaction, now: Now, once: Annotated[Once, Depends()]
) -> AnyAgreement:
    """Put an agreement with its amendments on record from a document. What is derived in it is not believed; every check is made anew."""
    earlier = await once.earlier(tx, caller, "import_agreement")
    if earlier is not None:
        return await visible_agreement(tx, caller, earlier)
    if document.terminated_at is not None:  # INVARIANT: what was ended is not in force again by way of a copy
        raise InvalidRequest("an agreement that was terminated is not taken in: nothing may rest on it", field="terminated_at")
    agreement_id = await put_on_record(request, tx, caller, document.agreement, now)
    for amendment in document.amendments:
        await add_amendment(request, tx, caller, agreement_id, amendment, now)
    await once.keep(tx, caller, "import_agreement", agreement_id, now)
    return await agreement_by_id(tx, agreement_id)


def _clauses(agreement: AnyAgreement, place: Place) -> tuple[AgreementClause, ...]:
    asked = {member: f"34 CFR {paragraph}" for member, paragraph in CLAUSES[agreement.kind].items()} or CONTRACTOR_CLAUSES
    found = [
        AgreementClause(clause=member, citation=citation, where=where)
        for member, citation in asked.items()
        if (where := getattr(agreement, member))
    ]
    found += [AgreementClause(clause=it.clause, citation=None, where=it.where) for it in state_clauses_in_force(agreement, place)]
    return tuple(found)
