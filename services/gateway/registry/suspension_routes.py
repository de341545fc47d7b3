"""`/v1/organisations/{organisation_id}/suspensions`: for clients of the state agency, beside the console's page that does the same."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from sqlalchemy import select

from safepassage.problems.access import PartySuspended
from safepassage.problems.requests import IdempotencyKeyMissing, IdempotencyKeyReused, InvalidRequest, NotFound
from safepassage.wire_suspensions import Lifting, NewSuspension, Suspension, SuspensionPage
from services.gateway.registry import suspensions
from services.gateway.registry.callers import administrator
from services.gateway.registry.paging import Page
from services.gateway.registry.reach import require_reach
from services.gateway.tables import IdempotencyRow, SuspensionRow
from shared.actors import client_actor
from shared.database import ReadOnly, Transaction, after_commit
from shared.idempotency import IdempotencyKey, earlier_effect, found, keep_effect, request_digest
from shared.internal_token import CallerClaims
from shared.problems import responses
from shared.request_clock import Now

router = APIRouter(prefix="/v1/organisations/{organisation_id}/suspensions", tags=["organisations"])

Administrator = Annotated[CallerClaims, administrator("admin:clients")]
"""INVARIANT: a party stands below nobody, so that of those who may have this scope the state agency alone reaches one."""

OPERATION = "suspend-party"


@router.post("", status_code=201, responses=responses(NotFound, PartySuspended, IdempotencyKeyMissing, IdempotencyKeyReused))
async def suspend_party(
    organisation_id: UUID, new: NewSuspension, caller: Administrator, key: IdempotencyKey, request: Request, tx: Transaction, now: Now
) -> Suspension:
    """Put every client of a party out at once, its living tokens too. None comes in, by any way, until it is lifted."""
    await require_reach(tx, organisation_id, caller)
    digest = await request_digest(request)
    held = await earlier_effect(tx, IdempotencyRow, client_id=caller.client_id, operation=OPERATION, key=key, digest=digest)
    if held is not None:
        return suspensions.suspension_of(await found(tx, SuspensionRow, held))
    state = request.app.state
    after_commit(tx, state.standing.refresh)
    suspension = await suspensions.suspend(tx, state.outbox, organisation_id, new, actor=client_actor(caller), now=now)
    await keep_effect(
        tx, IdempotencyRow, client_id=caller.client_id, operation=OPERATION, key=key, digest=digest, effect_id=suspension.id, now=now
    )
    return suspension


@router.get("", responses=responses(NotFound, InvalidRequest))
async def list_suspensions(
    organisation_id: UUID,
    caller: Administrator,
    tx: ReadOnly,
    page: Page,
    standing: Annotated[bool | None, Query(description="Only the one that stands, or only those that were lifted.")] = None,
) -> SuspensionPage:
    """The suspensions of a party."""
    await require_reach(tx, organisation_id, caller)
    query = select(SuspensionRow).where(SuspensionRow.organisation_id == organisation_id)
    if standing is not None:
        query = query.where(SuspensionRow.lifted_at.is_(None) if standing else SuspensionRow.lifted_at.is_not(None))
    rows = await page.rows(
        tx,
        query,
        SuspensionRow.id,
        path=f"/v1/organisations/{organisation_id}/suspensions",
        listed=f"suspensions:{organisation_id}:{standing}",
        caller=caller,
        asked=None if standing is None else {"standing": str(standing).lower()},
    )
    return SuspensionPage(suspensions=tuple(suspensions.suspension_of(row) for (row,) in rows))


@router.post("/{suspension_id}/lifting", responses=responses(NotFound))
async def lift_suspension(
    organisation_id: UUID, suspension_id: UUID, lifting: Lifting, caller: Administrator, request: Request, tx: Transaction, now: Now
) -> Suspension:
    """Let the clients in again that it put out, and no others. Again is no change."""
    await require_reach(tx, organisation_id, caller)
    state = request.app.state
    after_commit(tx, state.standing.refresh)
    return await suspensions.lift(
        tx, state.outbox, organisation_id, suspension_id, reference=lifting.reference, actor=client_actor(caller), now=now
    )
