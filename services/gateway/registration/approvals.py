"""What an administrator says to a client that registered itself: it comes in, or it does not."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.problems.registrations import RegistrationNotPending
from safepassage.problems.requests import NotFound
from safepassage.wire_registrations import Registration
from services.gateway.registration.registering import record
from services.gateway.registry.client_grants import Granter, require_grants
from services.gateway.registry.clients import client_of
from services.gateway.registry.standing_parties import lock_party_of, require_not_suspended
from services.gateway.tables import ClientRow, OrganisationRow, RegistrationRow
from shared.contracts.audit import Actor
from shared.outbox import Outbox


def registration_of(row: ClientRow, registration: RegistrationRow) -> Registration:
    """The rows as they are said aloud."""
    return Registration.model_validate(
        {
            "client": client_of(row),
            "state": registration.state,
            "registered_by": registration.registered_by,
            "software_id": registration.software_id,
            "software_version": registration.software_version,
            "contacts": registration.contacts.split(),
            "decided_at": registration.decided_at,
        }
    )


async def approve(tx: AsyncSession, outbox: Outbox, client_id: UUID, *, granter: Granter, actor: Actor, now: datetime) -> Registration:
    """Let a pending client in, with the scopes that it asked for: who approves must be able to grant them.

    Raises NotFound, RegistrationNotPending, ScopeNotGrantable, PartySuspended.
    """
    await lock_party_of(tx, client_id)
    row, registration = await _pending(tx, client_id)
    organisation = await tx.get(OrganisationRow, row.organisation_id)
    if organisation is None:
        raise NotFound
    await require_not_suspended(tx, organisation.id)
    require_grants(row.scopes.split(), organisation, granter)
    row.disabled_at = None
    return await _decided(tx, outbox, row, registration, "approved", actor, now)


async def refuse(tx: AsyncSession, outbox: Outbox, client_id: UUID, *, actor: Actor, now: datetime) -> Registration:
    """Send a pending client away, for good. Raises NotFound, RegistrationNotPending."""
    row, registration = await _pending(tx, client_id)
    registration.token_digest = None
    return await _decided(tx, outbox, row, registration, "refused", actor, now)


async def _pending(tx: AsyncSession, client_id: UUID) -> tuple[ClientRow, RegistrationRow]:
    query = select(RegistrationRow).where(RegistrationRow.client_id == client_id).with_for_update()
    registration = (await tx.execute(query)).scalar_one_or_none()
    row = await tx.get(ClientRow, client_id, with_for_update=True)
    if registration is None or row is None:
        raise NotFound
    if registration.state != "pending":
        raise RegistrationNotPending
    return row, registration


async def _decided(
    tx: AsyncSession, outbox: Outbox, row: ClientRow, registration: RegistrationRow, state: str, actor: Actor, now: datetime
) -> Registration:
    registration.state, registration.decided_at = state, now
    row.changed_at, row.version = now, row.version + 1
    await tx.flush()
    record(tx, outbox, row, registration, f"client-registration-{state}", actor, now)
    return registration_of(row, registration)
