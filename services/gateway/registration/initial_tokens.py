"""Initial access tokens (RFC 7591 section 3): an administrator makes one for one client of one organisation; it counts once."""

import secrets
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.canonical import sha256
from safepassage.ids import uuid7
from safepassage.problems.registrations import InitialTokenSpent
from safepassage.problems.requests import InvalidRequest, NotFound
from safepassage.wire_registrations import InitialToken, IssuedInitialToken, NewInitialToken
from services.gateway.registry.client_grants import Granter, require_grants, require_purposes
from services.gateway.tables import InitialTokenRow, OrganisationRow
from shared.contracts.audit import Actor, Context, Event
from shared.outbox import Outbox


def initial_token_of(row: InitialTokenRow) -> InitialToken:
    """The row as it is said aloud."""
    return InitialToken.model_validate(
        {
            "id": row.id,
            "organisation_id": row.organisation_id,
            "kind": row.kind,
            "role": row.role,
            "scopes": row.scopes.split(),
            "purposes": row.purposes.split(),
            "created_at": row.created_at,
            "expires_at": row.expires_at,
            "used_at": row.used_at,
            "withdrawn_at": row.withdrawn_at,
        }
    )


async def issue_initial_token(
    tx: AsyncSession, outbox: Outbox, new: NewInitialToken, *, granter: Granter, actor: Actor, now: datetime
) -> IssuedInitialToken:
    """Make a token; it is told here and nowhere else. Raises InvalidRequest, ScopeNotGrantable, UnknownPurpose."""
    organisation = await tx.get(OrganisationRow, new.organisation_id)
    if organisation is None or organisation.kind == "peer":
        raise InvalidRequest("there is no such organization that may have clients", field="organisation_id")
    require_grants(new.scopes, organisation, granter)
    require_purposes(new.purposes)
    token = secrets.token_urlsafe(32)
    row = InitialTokenRow(
        id=uuid7(now),
        digest=sha256(token.encode()),
        organisation_id=new.organisation_id,
        kind=new.kind,
        role=new.role,
        scopes=" ".join(sorted(set(new.scopes))),
        purposes=" ".join(sorted(set(new.purposes))),
        created_at=now,
        expires_at=now + timedelta(hours=new.lasts_hours),
        used_at=None,
        withdrawn_at=None,
    )
    tx.add(row)
    await tx.flush()
    _record(tx, outbox, row, "initial-token-issued", actor, now)
    return IssuedInitialToken(**initial_token_of(row).model_dump(), initial_access_token=token)


async def withdraw_initial_token(tx: AsyncSession, outbox: Outbox, token_id: UUID, *, actor: Actor, now: datetime) -> InitialToken:
    """Take a token back before it is used. Again is no change. Raises NotFound, InitialTokenSpent."""
    row = (await tx.execute(select(InitialTokenRow).where(InitialTokenRow.id == token_id).with_for_update())).scalar_one_or_none()
    if row is None:
        raise NotFound
    if row.used_at is not None:
        raise InitialTokenSpent
    if row.withdrawn_at is None:
        row.withdrawn_at = now
        await tx.flush()
        _record(tx, outbox, row, "initial-token-withdrawn", actor, now)
    return initial_token_of(row)


def _record(tx: AsyncSession, outbox: Outbox, row: InitialTokenRow, operation: str, actor: Actor, now: datetime) -> None:
    about = f"initial-token:{row.id}"
    context = Context(operation=operation, outcome="done", about=about, recipient_organisation=str(row.organisation_id))
    outbox.record(tx, Event(class_="administration", key=f"initial-token:{uuid7(now)}", actor=actor, context=context))
