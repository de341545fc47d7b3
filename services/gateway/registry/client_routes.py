"""`/v1/clients`: for administrators' clients."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.problems.access import ClientKeyNotUsable, PartySuspended, ScopeNotGrantable
from safepassage.problems.privacy import UnknownPurpose
from safepassage.problems.registrations import RegistrationNotApproved
from safepassage.problems.requests import IdempotencyKeyMissing, IdempotencyKeyReused, InvalidRequest, NotFound, VersionConflict
from safepassage.wire_clients import Client, ClientGrants, ClientKeys, ClientPage, NewClient
from services.gateway.registry import clients
from services.gateway.registry.callers import administrator
from services.gateway.registry.client_grants import granter_of
from services.gateway.registry.paging import Page
from services.gateway.registry.reach import reached, require_reach
from services.gateway.tables import ClientRow, IdempotencyRow
from shared.actors import client_actor
from shared.database import ReadOnly, Transaction, after_commit
from shared.idempotency import IdempotencyKey, earlier_effect, found, keep_effect, request_digest
from shared.internal_token import CallerClaims
from shared.problems import responses
from shared.request_clock import Now

router = APIRouter(prefix="/v1/clients", tags=["clients"])

Administrator = Annotated[CallerClaims, administrator("admin:clients")]

PATH = "/v1/clients"


async def require_client(tx: AsyncSession, client_id: UUID, caller: CallerClaims) -> ClientRow:
    """The client, if its organisation is within the caller's reach. Raises NotFound."""
    query = select(ClientRow).where(ClientRow.id == client_id, reached(ClientRow.organisation_id, caller, named=True))
    row = (await tx.execute(query)).scalar_one_or_none()
    if row is None:
        raise NotFound
    return row


@router.post(
    "",
    status_code=201,
    responses=responses(
        *(InvalidRequest, ClientKeyNotUsable, ScopeNotGrantable, UnknownPurpose, PartySuspended),
        *(IdempotencyKeyMissing, IdempotencyKeyReused),
    ),
)
async def register_client(
    new: NewClient, caller: Administrator, key: IdempotencyKey, request: Request, tx: Transaction, now: Now
) -> Client:
    """Register a client of an organisation, with its public keys."""
    await require_reach(tx, new.organisation_id, caller)
    digest, operation = await request_digest(request), "register-client"
    held = await earlier_effect(tx, IdempotencyRow, client_id=caller.client_id, operation=operation, key=key, digest=digest)
    if held is not None:
        return clients.client_of(await found(tx, ClientRow, held))
    state = request.app.state
    about = {"granter": granter_of(caller), "issuer": state.settings.entity_id, "development": state.settings.insecure_development}
    client = await clients.register_client(tx, state.outbox, new, **about, actor=client_actor(caller), now=now)
    await keep_effect(
        tx, IdempotencyRow, client_id=caller.client_id, operation=operation, key=key, digest=digest, effect_id=client.id, now=now
    )
    return client


@router.get("", responses=responses(InvalidRequest))
async def list_clients(caller: Administrator, tx: ReadOnly, page: Page) -> ClientPage:
    """The clients of the organisations that the caller reaches, in the order in which they came."""
    rows = await page.rows(
        tx, select(ClientRow).where(reached(ClientRow.organisation_id, caller)), ClientRow.id, path=PATH, listed="clients", caller=caller
    )
    return ClientPage(clients=tuple(clients.client_of(row) for (row,) in rows))


@router.get("/{client_id}", responses=responses(NotFound))
async def read_client(client_id: UUID, caller: Administrator, tx: ReadOnly) -> Client:
    """One client."""
    return clients.client_of(await require_client(tx, client_id, caller))


@router.put("/{client_id}/grants", responses=responses(NotFound, VersionConflict, ScopeNotGrantable, UnknownPurpose))
async def change_client_grants(
    client_id: UUID, grants: ClientGrants, caller: Administrator, request: Request, tx: Transaction, now: Now
) -> Client:
    """Replace the scopes and purposes that a client's tokens may have."""
    await require_client(tx, client_id, caller)
    after_commit(tx, request.app.state.standing.refresh)
    outbox, granter = request.app.state.outbox, granter_of(caller)
    return await clients.change_grants(tx, outbox, client_id, grants, granter=granter, actor=client_actor(caller), now=now)


@router.put("/{client_id}/keys", responses=responses(NotFound, VersionConflict, ClientKeyNotUsable, ScopeNotGrantable))
async def replace_client_keys(
    client_id: UUID, keys: ClientKeys, caller: Administrator, request: Request, tx: Transaction, now: Now
) -> Client:
    """Replace a client's keys: to rotate, first send the old and the new, then the new alone."""
    await require_client(tx, client_id, caller)
    after_commit(tx, request.app.state.standing.refresh)
    outbox, granter = request.app.state.outbox, granter_of(caller)
    return await clients.replace_keys(tx, outbox, client_id, keys, granter=granter, actor=client_actor(caller), now=now)


@router.post("/{client_id}/disablement", responses=responses(NotFound))
async def disable_client(client_id: UUID, caller: Administrator, request: Request, tx: Transaction, now: Now) -> Client:
    """Disable a client at once, its living tokens too."""
    await require_client(tx, client_id, caller)
    after_commit(tx, request.app.state.standing.refresh)
    return await clients.disable_client(tx, request.app.state.outbox, client_id, actor=client_actor(caller), now=now)


@router.delete("/{client_id}/disablement", responses=responses(NotFound, RegistrationNotApproved, PartySuspended, ScopeNotGrantable))
async def enable_client(client_id: UUID, caller: Administrator, request: Request, tx: Transaction, now: Now) -> Client:
    """Let a disabled client in again."""
    await require_client(tx, client_id, caller)
    after_commit(tx, request.app.state.standing.refresh)
    outbox, granter = request.app.state.outbox, granter_of(caller)
    return await clients.enable_client(tx, outbox, client_id, granter=granter, actor=client_actor(caller), now=now)
