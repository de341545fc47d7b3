"""Publishers of software, whose statements register clients: who they are, with which keys, and how far their word goes.

These functions are called by the routes and by the operator's command alike, each in one transaction with the log's entry.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.ids import uuid7
from safepassage.problems.registrations import PublisherTaken
from safepassage.problems.requests import InvalidRequest, NotFound, NotPermitted, VersionConflict
from safepassage.wire_clients import JwkSet
from safepassage.wire_registrations import NewPublisher, Publisher, PublisherChange
from services.gateway.oauth.client_keys import client_keys
from services.gateway.registry.client_grants import Granter, require_grants, require_purposes
from services.gateway.tables import OrganisationRow, PublisherRow
from shared.contracts.audit import Actor, Context, Event
from shared.outbox import Outbox


def publisher_of(row: PublisherRow) -> Publisher:
    """The row as it is said aloud."""
    return Publisher.model_validate(
        {
            "id": row.id,
            "version": row.version,
            "created_at": row.created_at,
            "disabled_at": row.disabled_at,
            "organisation_id": row.organisation_id,
            "issuer": row.issuer,
            "name": row.name,
            "jwks": JwkSet.model_validate_json(row.jwks),
            "kind": row.kind,
            "role": row.role,
            "scopes": row.scopes.split(),
            "purposes": row.purposes.split(),
            "trusted": row.trusted,
        }
    )


async def add_publisher(tx: AsyncSession, outbox: Outbox, new: NewPublisher, *, granter: Granter, actor: Actor, now: datetime) -> Publisher:
    """Register a publisher. Raises as `_set`, InvalidRequest, PublisherTaken."""
    organisation = await tx.get(OrganisationRow, new.organisation_id)
    if organisation is None or organisation.kind == "peer":
        raise InvalidRequest("there is no such organization that may have clients", field="organisation_id")
    row = PublisherRow(id=uuid7(now), organisation_id=new.organisation_id, issuer=new.issuer, version=1, created_at=now, disabled_at=None)
    _set(row, new, organisation, granter)
    tx.add(row)
    try:
        await tx.flush()
    except IntegrityError as error:
        raise PublisherTaken(field="issuer") from error
    _record(tx, outbox, row, "publisher-added", actor, now)
    return publisher_of(row)


async def change_publisher(
    tx: AsyncSession, outbox: Outbox, publisher_id: UUID, change: PublisherChange, *, granter: Granter, actor: Actor, now: datetime
) -> Publisher:
    """Replace keys and bounds, for registrations to come.

    Raises as `_set`, NotFound, VersionConflict.
    """
    row = await _locked(tx, publisher_id)
    if row.version != change.version:
        raise VersionConflict
    organisation = await tx.get(OrganisationRow, row.organisation_id)
    if organisation is None:
        raise NotFound
    _set(row, change, organisation, granter)
    return await _changed(tx, outbox, row, "publisher-changed", actor, now)


async def disable_publisher(tx: AsyncSession, outbox: Outbox, publisher_id: UUID, *, actor: Actor, now: datetime) -> Publisher:
    """Take no statement of it any more. Its clients stay. Again is no change. Raises NotFound."""
    row = await _locked(tx, publisher_id)
    if row.disabled_at is not None:
        return publisher_of(row)
    row.disabled_at = now
    return await _changed(tx, outbox, row, "publisher-disabled", actor, now)


async def enable_publisher(tx: AsyncSession, outbox: Outbox, publisher_id: UUID, *, actor: Actor, now: datetime) -> Publisher:
    """Take its statements again. Raises NotFound."""
    row = await _locked(tx, publisher_id)
    if row.disabled_at is None:
        return publisher_of(row)
    row.disabled_at = None
    return await _changed(tx, outbox, row, "publisher-enabled", actor, now)


def _set(row: PublisherRow, said: NewPublisher | PublisherChange, organisation: OrganisationRow, granter: Granter) -> None:
    """INVARIANT: nobody lets a publisher give what they could not give themselves; who comes in unseen is the state agency's to say.

    Raises ScopeNotGrantable, UnknownPurpose, NotPermitted, ClientKeyNotUsable.
    """
    require_grants(said.scopes, organisation, granter)
    require_purposes(said.purposes, held=(row.purposes or "").split())
    if said.trusted and granter is not None and granter[0] != "sea":
        raise NotPermitted("the state agency alone trusts a publisher", field="trusted")
    client_keys(said.jwks)
    row.name, row.jwks, row.trusted = said.name, said.jwks.model_dump_json(exclude_none=True), said.trusted
    row.kind, row.role = said.kind, said.role
    row.scopes, row.purposes = " ".join(sorted(set(said.scopes))), " ".join(sorted(set(said.purposes)))


async def _locked(tx: AsyncSession, publisher_id: UUID) -> PublisherRow:
    row = (await tx.execute(select(PublisherRow).where(PublisherRow.id == publisher_id).with_for_update())).scalar_one_or_none()
    if row is None:
        raise NotFound
    return row


async def _changed(tx: AsyncSession, outbox: Outbox, row: PublisherRow, operation: str, actor: Actor, now: datetime) -> Publisher:
    row.version += 1
    await tx.flush()
    _record(tx, outbox, row, operation, actor, now)
    return publisher_of(row)


def _record(tx: AsyncSession, outbox: Outbox, row: PublisherRow, operation: str, actor: Actor, now: datetime) -> None:
    context = Context(operation=operation, outcome="done", about=f"publisher:{row.id}", recipient_organisation=str(row.organisation_id))
    outbox.record(tx, Event(class_="administration", key=f"publisher:{uuid7(now)}", actor=actor, context=context))
