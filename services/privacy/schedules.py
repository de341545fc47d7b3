"""What records must know of an agreement to make a vendor's page: its districts and its schedule of data."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter

from safepassage.problems.privacy import NoSuchAgreement
from safepassage.wire_policy import Agreement
from services.privacy.agreements import agreement_by_id
from shared.caller import sibling
from shared.database import ReadOnly
from shared.internal_token import Principal
from shared.problems import responses

router = APIRouter(prefix="/internal/agreements", tags=["internal"])


@router.get("/{agreement_id}", responses=responses(NoSuchAgreement))
async def agreement_of_party(agreement_id: UUID, principal: Annotated[Principal, sibling("records")], tx: ReadOnly) -> Agreement:
    """The agreement, to the party that it names as recipient and nobody else: whether it is in force, the decision says."""
    agreement = await agreement_by_id(tx, agreement_id)
    if principal.caller is None or agreement.recipient_id != principal.caller.organisation_id:
        raise NoSuchAgreement
    return agreement
