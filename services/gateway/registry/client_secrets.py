"""Secrets of a client: made by the node, told once, two at the most while one replaces the other."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.ids import uuid7
from safepassage.problems.access import SecretsHeld
from safepassage.problems.requests import InvalidRequest, NotFound
from safepassage.wire_clients import ClientSecret, NewClientSecret
from services.gateway.oauth.client_secrets import new_secret
from services.gateway.registry.client_grants import Granter, require_own_client
from services.gateway.tables import ClientRow, ClientSecretRow
from shared.contracts.audit import Actor, Context, Event
from shared.outbox import Outbox

MOST: Final = 2


async def secrets_of(tx: AsyncSession, client_id: UUID) -> Sequence[ClientSecret]:
    """The oldest first; none of them is known."""
    rows = await tx.execute(select(ClientSecretRow).where(ClientSecretRow.client_id == client_id).order_by(ClientSecretRow.id))
    return [ClientSecret(id=row.id, created_at=row.created_at) for row in rows.scalars()]


async def add_secret(
    tx: AsyncSession, outbox: Outbox, client_id: UUID, *, granter: Granter, actor: Actor, now: datetime
) -> NewClientSecret:
    """Make a secret. Raises NotFound, InvalidRequest (the client has another method), SecretsHeld, ScopeNotGrantable."""
    row = await _locked(tx, client_id)
    require_own_client(row, granter, actor)
    if row.authentication != "client_secret":
        raise InvalidRequest("the client does not authenticate by a secret", field="client_id")
    if len(await secrets_of(tx, client_id)) >= MOST:
        raise SecretsHeld
    secret_id = uuid7(now)
    secret, kept = new_secret(secret_id)
    tx.add(
        ClientSecretRow(
            id=secret_id,
            client_id=client_id,
            salt=kept.salt,
            digest=kept.digest,
            cost=kept.cost,
            block_size=kept.block_size,
            parallelism=kept.parallelism,
            created_at=now,
        )
    )
    await _changed(tx, outbox, row, "client-secret-made", actor, now)
    return NewClientSecret(id=secret_id, created_at=now, secret=secret)


async def replace_secrets(
    tx: AsyncSession, outbox: Outbox, client_id: UUID, *, granter: Granter, actor: Actor, now: datetime
) -> NewClientSecret:
    """Make a secret in place of all that there are, at once. Raises NotFound, InvalidRequest, ScopeNotGrantable."""
    await _locked(tx, client_id)
    for one in await secrets_of(tx, client_id):
        await remove_secret(tx, outbox, client_id, one.id, actor=actor, now=now)
    return await add_secret(tx, outbox, client_id, granter=granter, actor=actor, now=now)


async def remove_secret(tx: AsyncSession, outbox: Outbox, client_id: UUID, secret_id: UUID, *, actor: Actor, now: datetime) -> ClientSecret:
    """Forget a secret; tokens that were asked for with it count no more. Raises NotFound."""
    row = await _locked(tx, client_id)
    query = delete(ClientSecretRow).where(ClientSecretRow.id == secret_id, ClientSecretRow.client_id == client_id)
    created_at = (await tx.execute(query.returning(ClientSecretRow.created_at))).scalar_one_or_none()
    if created_at is None:
        raise NotFound
    await _changed(tx, outbox, row, "client-secret-removed", actor, now)
    return ClientSecret(id=secret_id, created_at=created_at)


async def _locked(tx: AsyncSession, client_id: UUID) -> ClientRow:
    row = (await tx.execute(select(ClientRow).where(ClientRow.id == client_id).with_for_update())).scalar_one_or_none()
    if row is None:
        raise NotFound
    return row


async def _changed(tx: AsyncSession, outbox: Outbox, row: ClientRow, operation: str, actor: Actor, now: datetime) -> None:
    row.version, row.changed_at = row.version + 1, now
    await tx.flush()
    context = Context(operation=operation, outcome="done", about=f"client:{row.id}", recipient_organisation=str(row.organisation_id))
    outbox.record(tx, Event(class_="administration", key=f"client:{uuid7(now)}", actor=actor, context=context))
