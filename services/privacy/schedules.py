"""What records must know of an agreement to make a vendor's page: its districts and its schedule of data."""

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
from shared.clock import Now
from shared.database import ReadOnly
from shared.internal_token import Principal
from shared.problems import responses

router = APIRouter(prefix="/internal/agreements", tags=["internal"])


@router.get("/{agreement_id}", responses=responses(NoSuchAgreement))
async def agreement_of_party(
    agreement_id: UUID, request: Request, principal: Annotated[Principal, sibling("records")], tx: ReadOnly, now: Now
) -> Agreement:
    """The agreement with the schedule of today, to the party that it names and nobody else: whether it is in force, the decision says."""
    agreement = await agreement_by_id(tx, agreement_id)
    if principal.caller is None or agreement.recipient_id != principal.caller.organisation_id or not isinstance(agreement, Agreement):
        raise NoSuchAgreement
    node = await tx.get_one(OrganisationRow, request.app.state.settings.node_organisation_id)
    amended = amendment_in_force(agreement, Place.at(node.organisation.time_zone, now))
    if amended is None:
        return agreement
    return agreement.model_copy(update={"elements": amended.elements, "purposes": amended.purposes, "ends_on": amended.ends_on})
