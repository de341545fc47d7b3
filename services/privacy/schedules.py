"""What the siblings must know of an agreement: records, to make a vendor's page; the gateway, to make a token for it."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request

from safepassage.problems.privacy import NoSuchAgreement
from safepassage.wire_policy import Agreement
from services.privacy.agreement_records import agreement_by_id
from services.privacy.policy.agreement_facts import amendment_in_force
from services.privacy.policy.calendar_days import Place
from services.privacy.tables import OrganisationRow
from shared.caller import sibling
from shared.contracts.privacy import AgreementTerms
from shared.database import ReadOnly
from shared.internal_token import Principal
from shared.problems import responses
from shared.request_clock import Now

router = APIRouter(prefix="/internal/agreements", tags=["internal"])


@router.get("/{agreement_id}", responses=responses(NoSuchAgreement))
async def agreement_of_party(
    agreement_id: UUID, request: Request, principal: Annotated[Principal, sibling("records")], tx: ReadOnly, now: Now
) -> Agreement:
    """The agreement with the schedule of today, to the party that it names and nobody else: whether it is in force, the decision says."""
    if principal.caller is None:
        raise NoSuchAgreement
    agreement = await agreement_by_id(tx, agreement_id, recipient_id=principal.caller.organisation_id)
    if not isinstance(agreement, Agreement):
        raise NoSuchAgreement
    node = await tx.get_one(OrganisationRow, request.app.state.settings.node_organisation_id)
    amended = amendment_in_force(agreement, Place.at(node.organisation.time_zone, now))
    if amended is None:
        return agreement
    return agreement.model_copy(update={"elements": amended.elements, "purposes": amended.purposes, "ends_on": amended.ends_on})


@router.get("/{agreement_id}/terms", responses=responses(NoSuchAgreement))
async def terms_for_party(
    agreement_id: UUID, recipient_id: UUID, request: Request, principal: Annotated[Principal, sibling("gateway")], tx: ReadOnly, now: Now
) -> AgreementTerms:
    """What a token for an agreement may be for, of whatever kind it is, while it is in force; the party is the one that it names."""
    agreement = await agreement_by_id(tx, agreement_id, recipient_id=recipient_id)
    node = await tx.get_one(OrganisationRow, request.app.state.settings.node_organisation_id)
    place = Place.at(node.organisation.time_zone, now)
    amended = amendment_in_force(agreement, place)
    scheduled = agreement if amended is None else amended
    in_force = agreement.terminated_at is None and max(agreement.starts_on, agreement.signed_on) <= place.today < scheduled.ends_on
    if principal.job is None or not in_force:
        raise NoSuchAgreement
    return AgreementTerms(
        id=agreement.id,
        kind=agreement.kind,
        district_ids=agreement.district_ids,
        elements=scheduled.elements,
        purposes=scheduled.purposes,
        ends_on=scheduled.ends_on,
    )
