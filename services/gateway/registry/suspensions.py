"""A party that is suspended: all of its clients are out at once, none comes in, until it is lifted; then those come in that were out by it.

These functions are called by the routes, the console's pages and the operator's command alike, each in one transaction with the log's
entries. INVARIANT: while a suspension stands no client of the
party is let in, by whichever way it would come (`require_not_suspended`).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, cast
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.ids import uuid7
from safepassage.problems.registrations import RegistrationNotApproved
from safepassage.problems.requests import NotFound
from safepassage.wire_suspensions import NewSuspension, Suspension, SuspensionReason
from services.gateway.registry import clients
from services.gateway.registry.standing_parties import require_not_suspended, standing
from services.gateway.tables import ClientRow, OrganisationRow, QuotaUseRow, SuspensionRow
from shared.contracts.audit import Actor, Context, Event
from shared.outbox import Outbox

KINDS: Final = ("vendor", "agency")
"""Organisations with which agreements are made."""


@dataclass(frozen=True)
class Credential:
    """A client of a party."""

    id: UUID
    name: str
    kind: str
    scopes: tuple[str, ...]
    created_at: datetime
    disabled_at: datetime | None
    last_used_on: date | None
    """The last day, of the node's, on which a request was made with it; None where there was none in the days that are kept (31)."""


def suspension_of(row: SuspensionRow) -> Suspension:
    """The row as it is said aloud."""
    return Suspension(
        id=row.id,
        organisation_id=row.organisation_id,
        reason=cast("SuspensionReason", row.reason),
        reference=row.reference,
        client_ids=tuple(map(UUID, row.client_ids.split())),
        suspended_at=row.suspended_at,
        lifted_at=row.lifted_at,
        lifted_reference=row.lifted_reference,
    )


async def suspend(
    tx: AsyncSession,
    outbox: Outbox,
    organisation_id: UUID,
    new: NewSuspension,
    *,
    suspension_id: UUID | None = None,
    actor: Actor,
    now: datetime,
) -> Suspension:
    """Put every client of a party out. Again under the same `suspension_id` changes nothing; by default it is a new one's.

    Raises NotFound for what is no party; PartySuspended where another suspension stands.
    """
    query = select(OrganisationRow).where(OrganisationRow.id == organisation_id, OrganisationRow.kind.in_(KINDS)).with_for_update()
    if (await tx.execute(query)).scalar_one_or_none() is None:
        raise NotFound
    earlier = None if suspension_id is None else await tx.get(SuspensionRow, suspension_id)
    if earlier is not None and earlier.organisation_id == organisation_id:
        return suspension_of(earlier)
    await require_not_suspended(tx, organisation_id)
    mine = select(ClientRow.id).where(ClientRow.organisation_id == organisation_id, ClientRow.disabled_at.is_(None))
    out = (await tx.scalars(mine.order_by(ClientRow.id).with_for_update())).all()
    for client_id in out:
        await clients.disable_client(tx, outbox, client_id, actor=actor, now=now)
    row = SuspensionRow(
        id=suspension_id or uuid7(now),
        organisation_id=organisation_id,
        reason=new.reason,
        reference=new.reference,
        client_ids=" ".join(map(str, out)),
        suspended_at=now,
        lifted_at=None,
        lifted_reference=None,
    )
    tx.add(row)
    await tx.flush()
    _record(tx, outbox, row, "party-suspended", len(out), actor, now)
    return suspension_of(row)


async def lift(
    tx: AsyncSession, outbox: Outbox, organisation_id: UUID, suspension_id: UUID, *, reference: str, actor: Actor, now: datetime
) -> Suspension:
    """Let in what a suspension put out. One that was lifted before stays as it is. Raises NotFound.

    A client that has ended its registration, or was disabled by itself meanwhile, stays out. Only the state agency, or its operator, lifts.
    """
    await tx.execute(select(OrganisationRow.id).where(OrganisationRow.id == organisation_id).with_for_update())
    query = select(SuspensionRow).where(SuspensionRow.id == suspension_id, SuspensionRow.organisation_id == organisation_id)
    row = (await tx.scalars(query)).one_or_none()
    if row is None:
        raise NotFound
    if row.lifted_at is not None:
        return suspension_of(row)
    row.lifted_at, row.lifted_reference = now, reference
    await tx.flush()
    back = 0
    for client_id in map(UUID, row.client_ids.split()):
        try:
            await clients.enable_client(tx, outbox, client_id, granter=None, actor=actor, now=now)
        except RegistrationNotApproved:
            continue
        back += 1
    _record(tx, outbox, row, "suspension-lifted", back, actor, now)
    return suspension_of(row)


async def standing_suspension(tx: AsyncSession, organisation_id: UUID) -> Suspension | None:
    """The one of a party that stands."""
    row = (await tx.scalars(standing(organisation_id))).one_or_none()
    return None if row is None else suspension_of(row)


async def suspended_since(tx: AsyncSession, organisation_ids: Collection[UUID]) -> Mapping[UUID, datetime]:
    """Those of the parties that are suspended, and since when."""
    query = select(SuspensionRow.organisation_id, SuspensionRow.suspended_at)
    query = query.where(SuspensionRow.organisation_id.in_(organisation_ids), SuspensionRow.lifted_at.is_(None))
    return {row.organisation_id: row.suspended_at for row in await tx.execute(query)}


async def credentials_of(tx: AsyncSession, organisation_ids: Collection[UUID]) -> Mapping[UUID, list[Credential]]:
    """The clients of each party, those that came first in front, with their last use by the counters of the daily quotas."""
    used = (
        select(QuotaUseRow.holder_id, func.max(QuotaUseRow.day).label("last"))
        .where(QuotaUseRow.quota == "client-day", QuotaUseRow.used > 0)
        .group_by(QuotaUseRow.holder_id)
        .subquery()
    )
    query = select(ClientRow, used.c.last).outerjoin(used, used.c.holder_id == ClientRow.id)
    found: dict[UUID, list[Credential]] = {one: [] for one in organisation_ids}
    for row, last in await tx.execute(query.where(ClientRow.organisation_id.in_(organisation_ids)).order_by(ClientRow.id)):
        scopes = tuple(row.scopes.split())
        found[row.organisation_id].append(Credential(row.id, row.name, row.kind, scopes, row.created_at, row.disabled_at, last))
    return found


def _record(tx: AsyncSession, outbox: Outbox, row: SuspensionRow, operation: str, count: int, actor: Actor, now: datetime) -> None:
    context = Context(
        operation=operation,
        outcome="done",
        reason=row.reason,
        about=f"organisation:{row.organisation_id}",
        recipient_organisation=str(row.organisation_id),
        count=count,
    )
    outbox.record(tx, Event(class_="administration", key=f"suspension:{uuid7(now)}", actor=actor, context=context))
