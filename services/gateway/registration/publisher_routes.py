"""`/v1/publishers`: for administrators' clients."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request
from sqlalchemy import select

from safepassage.problems.access import ClientKeyNotUsable, ScopeNotGrantable
from safepassage.problems.privacy import UnknownPurpose
from safepassage.problems.registrations import PublisherTaken
from safepassage.problems.requests import (
    IdempotencyKeyMissing,
    IdempotencyKeyReused,
    InvalidRequest,
    NotFound,
    NotPermitted,
    VersionConflict,
)
from safepassage.wire_registrations import NewPublisher, Publisher, PublisherChange, PublisherPage
from services.gateway.registration import publishers
from services.gateway.registry.callers import administrator
from services.gateway.registry.client_grants import granter_of
from services.gateway.registry.paging import Page
from services.gateway.registry.reach import reached, require_reach
from services.gateway.tables import IdempotencyRow, PublisherRow
from shared.actors import client_actor
from shared.database import ReadOnly, Transaction
from shared.idempotency import IdempotencyKey, earlier_effect, found, keep_effect, request_digest
from shared.internal_token import CallerClaims
from shared.problems import responses
from shared.request_clock import Now

PATH = "/v1/publishers"

router = APIRouter(prefix=PATH, tags=["registrations"])

Administrator = Annotated[CallerClaims, administrator("admin:clients")]


async def _require_publisher(tx: Transaction, publisher_id: UUID, caller: CallerClaims) -> PublisherRow:
    query = select(PublisherRow).where(PublisherRow.id == publisher_id, reached(PublisherRow.organisation_id, caller, named=True))
    row = (await tx.execute(query)).scalar_one_or_none()
    if row is None:
        raise NotFound
    return row


@router.post(
    "",
    status_code=201,
    responses=responses(
        *(InvalidRequest, ClientKeyNotUsable, ScopeNotGrantable, UnknownPurpose, NotPermitted, PublisherTaken),
        *(IdempotencyKeyMissing, IdempotencyKeyReused),
    ),
)
async def add_publisher(
    new: NewPublisher, caller: Administrator, key: IdempotencyKey, request: Request, tx: Transaction, now: Now
) -> Publisher:
    """Register a publisher of software, whose signed statements register clients within these bounds."""
    await require_reach(tx, new.organisation_id, caller)
    digest, operation = await request_digest(request), "add-publisher"
    held = await earlier_effect(tx, IdempotencyRow, client_id=caller.client_id, operation=operation, key=key, digest=digest)
    if held is not None:
        return publishers.publisher_of(await found(tx, PublisherRow, held))
    added = await publishers.add_publisher(
        tx, request.app.state.outbox, new, granter=granter_of(caller), actor=client_actor(caller), now=now
    )
    await keep_effect(
        tx, IdempotencyRow, client_id=caller.client_id, operation=operation, key=key, digest=digest, effect_id=added.id, now=now
    )
    return added


@router.get("", responses=responses(InvalidRequest))
async def list_publishers(caller: Administrator, tx: ReadOnly, page: Page) -> PublisherPage:
    """The publishers of the organisations that the caller reaches, in the order in which they came."""
    rows = await page.rows(
        tx,
        select(PublisherRow).where(reached(PublisherRow.organisation_id, caller)),
        PublisherRow.id,
        path=PATH,
        listed="publishers",
        caller=caller,
    )
    return PublisherPage(publishers=tuple(publishers.publisher_of(row) for (row,) in rows))


@router.get("/{publisher_id}", responses=responses(NotFound))
async def read_publisher(publisher_id: UUID, caller: Administrator, tx: ReadOnly) -> Publisher:
    """One publisher."""
    return publishers.publisher_of(await _require_publisher(tx, publisher_id, caller))


@router.put(
    "/{publisher_id}", responses=responses(NotFound, VersionConflict, ClientKeyNotUsable, ScopeNotGrantable, UnknownPurpose, NotPermitted)
)
async def change_publisher(
    publisher_id: UUID, change: PublisherChange, caller: Administrator, request: Request, tx: Transaction, now: Now
) -> Publisher:
    """Replace a publisher's keys and bounds, for registrations to come."""
    await _require_publisher(tx, publisher_id, caller)
    outbox, granter = request.app.state.outbox, granter_of(caller)
    return await publishers.change_publisher(tx, outbox, publisher_id, change, granter=granter, actor=client_actor(caller), now=now)


@router.post("/{publisher_id}/disablement", responses=responses(NotFound))
async def disable_publisher(publisher_id: UUID, caller: Administrator, request: Request, tx: Transaction, now: Now) -> Publisher:
    """Take no statement of a publisher any more; its clients stay."""
    await _require_publisher(tx, publisher_id, caller)
    return await publishers.disable_publisher(tx, request.app.state.outbox, publisher_id, actor=client_actor(caller), now=now)


@router.delete("/{publisher_id}/disablement", responses=responses(NotFound))
async def enable_publisher(publisher_id: UUID, caller: Administrator, request: Request, tx: Transaction, now: Now) -> Publisher:
    """Take a publisher's statements again."""
    await _require_publisher(tx, publisher_id, caller)
    return await publishers.enable_publisher(tx, request.app.state.outbox, publisher_id, actor=client_actor(caller), now=now)
