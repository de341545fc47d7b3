"""`/v1/clients/{id}/secrets`: for administrators, of clients that can do no better than a secret."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request

from safepassage.problems.access import ScopeNotGrantable, SecretsHeld
from safepassage.problems.requests import InvalidRequest, NotFound
from safepassage.wire_clients import ClientSecret, ClientSecrets, NewClientSecret
from services.gateway.registry import client_secrets
from services.gateway.registry.callers import administrator
from services.gateway.registry.client_grants import granter_of
from services.gateway.registry.client_routes import require_client
from shared.actors import client_actor
from shared.database import ReadOnly, Transaction, after_commit
from shared.internal_token import CallerClaims
from shared.problems import responses
from shared.request_clock import Now

router = APIRouter(prefix="/v1/clients/{client_id}/secrets", tags=["clients"])

Administrator = Annotated[CallerClaims, administrator("admin:clients")]


@router.get("", responses=responses(NotFound))
async def list_client_secrets(client_id: UUID, caller: Administrator, tx: ReadOnly) -> ClientSecrets:
    """When each secret of a client was made; what it is nobody here knows."""
    await require_client(tx, client_id, caller)
    return ClientSecrets(secrets=tuple(await client_secrets.secrets_of(tx, client_id)))


@router.post("", status_code=201, responses=responses(InvalidRequest, NotFound, SecretsHeld, ScopeNotGrantable))
async def make_client_secret(client_id: UUID, caller: Administrator, request: Request, tx: Transaction, now: Now) -> NewClientSecret:
    """Make a secret, which is told here and never again. To rotate, make a second one, and then remove the first."""
    await require_client(tx, client_id, caller)
    after_commit(tx, request.app.state.standing.refresh)
    outbox, granter = request.app.state.outbox, granter_of(caller)
    return await client_secrets.add_secret(tx, outbox, client_id, granter=granter, actor=client_actor(caller), now=now)


@router.delete("/{secret_id}", responses=responses(NotFound))
async def remove_client_secret(
    client_id: UUID, secret_id: UUID, caller: Administrator, request: Request, tx: Transaction, now: Now
) -> ClientSecret:
    """Remove a secret, and the tokens that were asked for with it, at once."""
    await require_client(tx, client_id, caller)
    after_commit(tx, request.app.state.standing.refresh)
    return await client_secrets.remove_secret(tx, request.app.state.outbox, client_id, secret_id, actor=client_actor(caller), now=now)
