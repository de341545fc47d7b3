"""`/v1/family-links`: for an agency's own systems, after its identity check."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request

from safepassage.problems.privacy import RightsNotHeld
from safepassage.problems.records import NoSuchStudent
from safepassage.problems.requests import InvalidRequest, NotFound, TemporarilyUnavailable
from safepassage.problems.rights import IdentityCheckTooOld, ShownInPersonOnly
from safepassage.wire_family import FamilyLink, MadeFamilyLink, NewFamilyLink
from safepassage.wire_rights import RightsFile
from services.gateway.family.admission import FamilyAdmission
from services.gateway.family.link_values import LinkValue, random_link
from services.gateway.family.links import make_link, read_link, withdraw_link
from services.gateway.family.member import family_claims
from services.gateway.registry.callers import administrator
from services.gateway.registry.reach import reached
from services.gateway.tables import FamilyLinkRow
from shared.actors import client_actor
from shared.contracts.audit import Actor
from shared.database import ReadOnly, Transaction
from shared.identity_checks import require_checked_lately
from shared.internal_token import CallerClaims
from shared.problems import responses
from shared.request_clock import Now

router = APIRouter(prefix="/v1/family-links", tags=["families"])

LinkMaker = Annotated[CallerClaims, administrator("family:links")]


@router.post(
    "",
    status_code=201,
    responses=responses(InvalidRequest, IdentityCheckTooOld, NoSuchStudent, RightsNotHeld, ShownInPersonOnly, TemporarilyUnavailable),
)
async def make_family_link(new: NewFamilyLink, caller: LinkMaker, request: Request, now: Now) -> MadeFamilyLink:
    """A one-time link for a parent or eligible student whose identity the agency has checked. It is told here and never again."""
    return await link_for(request, new, by=caller, actor=client_actor(caller), now=now)


@router.get("/{link_id}", responses=responses(NotFound))
async def read_family_link(link_id: UUID, caller: LinkMaker, tx: ReadOnly, now: Now) -> FamilyLink:
    """Whether a link still waits, and when it was used or withdrawn; not whom it is for."""
    return await read_link(tx, link_id, reach=reached(FamilyLinkRow.organisation_id, caller, named=True), now=now)


@router.post("/{link_id}/withdrawal", responses=responses(NotFound))
async def withdraw_family_link(link_id: UUID, caller: LinkMaker, request: Request, tx: Transaction, now: Now) -> FamilyLink:
    """Take a link back, and end the visit that came of it, at once. Again is no change."""
    reach = reached(FamilyLinkRow.organisation_id, caller, named=True)
    return await withdraw_link(tx, request.app.state.outbox, link_id, reach=reach, actor=client_actor(caller), now=now)


async def link_for(
    request: Request, new: NewFamilyLink, *, by: CallerClaims, actor: Actor, now: Now, of: LinkValue | None = None
) -> MadeFamilyLink:
    """Make a link, if privacy would show the student's file to the person at this instant.

    of  of a form, which makes it once; by default it is at random

    Raises InvalidRequest, IdentityCheckTooOld, NoSuchStudent, RightsNotHeld, ShownInPersonOnly; FamilyLinkTold as `make_link`.

    INVARIANT: asked as the family member themselves, at the agency of its maker: a link is for nothing that the maker does not reach.
    """
    state = request.app.state
    if new.acting_for.authenticated_at > now:
        raise InvalidRequest("the identity was checked before the link is made", field="acting_for.authenticated_at")
    require_checked_lately(new.acting_for.authenticated_at, at=now, days=state.settings.identity_check_days)
    families: FamilyAdmission = state.families
    person = new.acting_for.person_id
    word = families.visits.word_of(by.organisation_id, person)
    claims = family_claims(
        new.student_id,
        person,
        organisation_id=by.organisation_id,
        organisation_kind=by.organisation_kind,
        word=word,
        address=by.address,
    )
    path = f"/v1/students/{new.student_id}/rights-file"
    try:
        await state.siblings.call("privacy", "GET", path, answer=RightsFile, by=claims, scope=request.scope)
    except RightsNotHeld as error:
        raise RightsNotHeld(field="acting_for.person_id") from error
    async with state.database.transaction() as tx:
        return await make_link(
            tx,
            state.outbox,
            state.settings,
            new,
            of=of or random_link(now),
            organisation_id=by.organisation_id,
            student_word=families.visits.word_of_student(new.student_id),
            member_word=word,
            actor=actor,
            now=now,
        )
