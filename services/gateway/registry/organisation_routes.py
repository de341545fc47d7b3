"""`/v1/organisations`: for administrators' clients."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request
from sqlalchemy import select

from safepassage.problems.access import OrganisationNotCoherent, OrganisationTaken
from safepassage.problems.requests import (
    IdempotencyKeyMissing,
    IdempotencyKeyReused,
    InvalidRequest,
    NotFound,
    NotPermitted,
    VersionConflict,
)
from safepassage.wire_organisations import NewOrganisation, Organisation, OrganisationPage
from services.gateway.registry import organisations
from services.gateway.registry.callers import administrator
from services.gateway.registry.paging import Page
from services.gateway.registry.reach import reached, require_reach
from services.gateway.tables import IdempotencyRow, OrganisationRow
from shared.actors import client_actor
from shared.database import ReadOnly, Transaction, after_commit
from shared.idempotency import IdempotencyKey, earlier_effect, keep_effect, request_digest
from shared.internal_token import CallerClaims
from shared.problems import responses
from shared.request_clock import Now

router = APIRouter(prefix="/v1/organisations", tags=["organisations"])

Administrator = Annotated[CallerClaims, administrator("admin:organisations")]

PATH = "/v1/organisations"


@router.post(
    "",
    status_code=201,
    responses=responses(OrganisationNotCoherent, OrganisationTaken, IdempotencyKeyMissing, IdempotencyKeyReused, NotPermitted),
)
async def add_organisation(
    new: NewOrganisation, caller: Administrator, key: IdempotencyKey, request: Request, tx: Transaction, now: Now
) -> Organisation:
    """Add an organisation: anywhere for the state agency, below itself for a district."""
    if caller.organisation_kind != "sea":
        if new.parent_id is None:
            raise NotPermitted("outside its own tree only the state agency adds organizations")
        await require_reach(tx, new.parent_id, caller)
    digest, operation = await request_digest(request), "add-organisation"
    held = await earlier_effect(tx, IdempotencyRow, client_id=caller.client_id, operation=operation, key=key, digest=digest)
    if held is not None:
        return await organisations.find_organisation(tx, held)
    added = await organisations.add_organisation(tx, request.app.state.outbox, new, actor=client_actor(caller), now=now)
    await keep_effect(
        tx, IdempotencyRow, client_id=caller.client_id, operation=operation, key=key, digest=digest, effect_id=added.id, now=now
    )
    return added


@router.get("", responses=responses(InvalidRequest))
async def list_organisations(caller: Administrator, tx: ReadOnly, page: Page) -> OrganisationPage:
    """The organisations that the caller reaches, in the order in which they came."""
    rows = await page.rows(
        tx,
        select(OrganisationRow).where(reached(OrganisationRow.id, caller)),
        OrganisationRow.id,
        path=PATH,
        listed="organisations",
        caller=caller,
    )
    return OrganisationPage(organisations=tuple(row.organisation for (row,) in rows))


@router.get("/{organisation_id}", responses=responses(NotFound))
async def read_organisation(organisation_id: UUID, caller: Administrator, tx: ReadOnly) -> Organisation:
    """One organisation."""
    await require_reach(tx, organisation_id, caller)
    return await organisations.find_organisation(tx, organisation_id)


@router.put(
    "/{organisation_id}",
    responses=responses(NotFound, VersionConflict, OrganisationNotCoherent, OrganisationTaken, NotPermitted),
)
async def change_organisation(
    organisation_id: UUID, changed: Organisation, caller: Administrator, request: Request, tx: Transaction, now: Now
) -> Organisation:
    """Replace what is known of an organisation; send the version that was read. The answer has the next one."""
    if changed.id != organisation_id:
        raise InvalidRequest("the id of the path and of the body differ", field="id")
    await require_reach(tx, organisation_id, caller)
    if caller.organisation_kind != "sea" and changed.parent_id is not None and organisation_id != caller.organisation_id:
        await require_reach(tx, changed.parent_id, caller)
    if caller.organisation_kind != "sea" and organisation_id == caller.organisation_id:
        _require_same(await organisations.find_organisation(tx, organisation_id), changed)
    after_commit(tx, request.app.state.standing.refresh)
    return await organisations.change_organisation(tx, request.app.state.outbox, changed, actor=client_actor(caller), now=now)


def _require_same(held: Organisation, changed: Organisation) -> None:
    """By its ids people sign in for an organisation, and on its days it ends: the state agency says them. Raises NotPermitted."""
    if any(getattr(held, name) != getattr(changed, name) for name in ("nces_id", "state_id", "valid_from", "valid_until", "parent_id")):
        raise NotPermitted("ids, days and place of one's own organization are the state agency's to change")
