"""`/v1/quotas`: what a client or an organisation may have in a day, and what it has had today; for administrators' clients."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.ids import uuid7
from safepassage.problems.requests import NotFound, NotPermitted
from safepassage.wire_quotas import Quota, QuotaChange, Quotas
from services.gateway.door.quotas import QuotaName
from services.gateway.door.quotas import Quotas as Counted
from services.gateway.registry.callers import administrator
from services.gateway.registry.reach import reached
from services.gateway.tables import ClientRow, OrganisationRow, QuotaLimitRow
from shared.actors import client_actor
from shared.contracts.audit import Context, Event
from shared.database import ReadOnly, Transaction
from shared.internal_token import CallerClaims
from shared.problems import responses
from shared.request_clock import Now

router = APIRouter(prefix="/v1/quotas", tags=["clients"])

Administrator = Annotated[CallerClaims, administrator("admin:clients")]

_OF_CLIENTS: dict[str, QuotaName] = {"day": "client-day", "bulk": "client-bulk"}
_OF_ORGANISATIONS: dict[str, QuotaName] = {"day": "organisation-day", "bulk": "organisation-bulk"}


@router.get("/{holder_id}", responses=responses(NotFound))
async def read_quotas(holder_id: UUID, caller: Administrator, request: Request, tx: ReadOnly) -> Quotas:
    """What a client or an organisation may have in a day, and what it has had today."""
    return _told(holder_id, await _names_of(tx, holder_id, caller), request.app.state.quotas)


@router.put("/{holder_id}", responses=responses(NotFound, NotPermitted))
async def change_quotas(holder_id: UUID, change: QuotaChange, caller: Administrator, request: Request, tx: Transaction, now: Now) -> Quotas:
    """Give a client or an organisation other quotas than the settings', from the next second on. The state agency alone does so."""
    names = await _names_of(tx, holder_id, caller, locked=True)
    if caller.organisation_kind != "sea":
        raise NotPermitted("the state agency alone changes quotas")
    await tx.execute(delete(QuotaLimitRow).where(QuotaLimitRow.holder_id == holder_id))
    for kind, limit in (("day", change.day), ("bulk", change.bulk)):
        if limit is not None:
            tx.add(QuotaLimitRow(holder_id=holder_id, quota=names[kind], per_day=limit))
    await tx.flush()
    about = f"{'client' if names is _OF_CLIENTS else 'organisation'}:{holder_id}"
    context = Context(operation="quota-changed", outcome="done", about=about)
    event = Event(class_="administration", key=f"quota:{uuid7(now)}", actor=client_actor(caller), context=context)
    request.app.state.outbox.record(tx, event)
    return _told(holder_id, names, request.app.state.quotas, change)


async def _names_of(tx: AsyncSession, holder_id: UUID, caller: CallerClaims, *, locked: bool = False) -> dict[str, QuotaName]:
    """The names of its quotas. Raises NotFound for what is neither a client nor an organisation that the caller reaches.

    locked  until the end of `tx` nobody else changes them
    """
    client = select(ClientRow.id).where(ClientRow.id == holder_id, reached(ClientRow.organisation_id, caller, named=True))
    if (await tx.execute(client.with_for_update(key_share=True) if locked else client)).scalar_one_or_none() is not None:
        return _OF_CLIENTS
    organisation = select(OrganisationRow.id).where(OrganisationRow.id == holder_id, reached(OrganisationRow.id, caller, named=True))
    if (await tx.execute(organisation.with_for_update(key_share=True) if locked else organisation)).scalar_one_or_none() is None:
        raise NotFound
    return _OF_ORGANISATIONS


def _told(holder_id: UUID, names: dict[str, QuotaName], counted: Counted, change: QuotaChange | None = None) -> Quotas:
    """`change`: what was changed just now, which counts from the next summing up on."""
    quotas = []
    for kind, name in names.items():
        limit, is_default = counted.limit_of(holder_id, name), counted.is_default(holder_id, name)
        if change is not None:
            said = change.day if kind == "day" else change.bulk
            limit, is_default = (counted.default(name), True) if said is None else (said, False)
        told = {
            "kind": kind,
            "limit": limit,
            "is_default": is_default,
            "used": counted.used(holder_id, name),
            "resets_at": counted.resets_at,
        }
        quotas.append(Quota.model_validate(told))
    return Quotas(holder_id=holder_id, quotas=tuple(quotas))
