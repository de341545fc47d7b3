"""`/v1/ed-fi-systems`: how the node stands with each Ed-Fi system, and what a district says is kept of what its own system has."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request

from safepassage.ids import uuid7
from safepassage.problems.ed_fi import NoSuchEdFiSystem
from safepassage.problems.records import NoSuchLoad
from safepassage.problems.requests import NotPermitted
from safepassage.wire_ed_fi import EdFiKeeping, EdFiSystemDetail, EdFiSystemOfOrganisation, EdFiSystemsOfOrganisation, SystemName
from services.records.ed_fi.pulling import RECORD
from services.records.ed_fi.standings import detail_of, told
from services.records.ed_fi.systems import EdFiSystem
from services.records.tables import EdFiKeepingRow, OrganisationRow
from shared.actors import client_actor
from shared.caller import Caller, caller_with
from shared.contracts.audit import Context, Event
from shared.database import ReadOnly, Transaction
from shared.inserts import insert_into
from shared.problems import responses
from shared.request_clock import Now
from shared.tenancy import within

router = APIRouter(prefix="/v1/ed-fi-systems", tags=["ed-fi"])

OPERATING: Final = ("exchange:operate", "audit:operate")
"""Scopes that the state agency's alone may have."""

Loader = Annotated[Caller, caller_with("records:load")]


Reader = Annotated[Caller, caller_with("records:load", "records:read", *OPERATING)]


async def _in_sight(request: Request, caller: Reader, tx: ReadOnly) -> tuple[EdFiSystem, ...]:
    """The systems of the caller's organisation and of those below it; for the state's operators and auditors every one of the node."""
    every: tuple[EdFiSystem, ...] = request.app.state.ed_fi.every
    if caller.kind == "sea" and not caller.claims.scopes.isdisjoint(OPERATING):
        return every
    own = {caller.organisation_id, *(await tx.scalars(within(OrganisationRow, caller.organisation_id))).all()}
    return tuple(one for one in every if one.organisation_id in own)


InSight = Annotated[tuple[EdFiSystem, ...], Depends(_in_sight)]


@router.get("")
async def list_ed_fi_systems(systems: InSight, tx: ReadOnly, now: Now) -> EdFiSystemsOfOrganisation:
    """The Ed-Fi systems that the caller answers for: what is kept of each, how its last pulls and pushes went, and what lasts."""
    return EdFiSystemsOfOrganisation(systems=await told(tx, systems, now))


@router.get("/{system}", responses=responses(NoSuchEdFiSystem, NoSuchLoad))
async def read_ed_fi_system(
    system: SystemName,
    systems: InSight,
    tx: ReadOnly,
    now: Now,
    load: Annotated[UUID | None, Query(description="A load of it, of which the quality is wanted; the newest, if left out.")] = None,
) -> EdFiSystemDetail:
    """One of them, with the loads that came with its pulls, and what did not validate in one of them, by cause."""
    for one in systems:
        if one.name == system:
            return await detail_of(tx, one, now, load_id=load)
    raise NoSuchEdFiSystem


@router.put("/{system}/keeping", responses=responses(NoSuchEdFiSystem, NotPermitted))
async def say_what_is_kept(
    system: SystemName, said: EdFiKeeping, caller: Loader, request: Request, tx: Transaction, now: Now
) -> EdFiSystemOfOrganisation:
    """Say what the node keeps of what this system has. The next pull does it: it reads everything, and removes what is kept no more."""
    if caller.kind not in ("lea", "school"):
        raise NotPermitted("a district says this of its own students")
    api = request.app.state.ed_fi.of(system, caller.organisation_id)
    first = {"organisation_id": caller.organisation_id, "system": system, "keeps": RECORD, "said_at": now}
    await tx.execute(insert_into(tx, EdFiKeepingRow).values(**first).on_conflict_do_nothing())
    row = await tx.get_one(EdFiKeepingRow, (caller.organisation_id, system), with_for_update=True)
    if row.keeps != said.keeps:
        row.keeps, row.said_at = said.keeps, now
        event = Event(
            class_="load",
            key=f"keeping:{uuid7(now)}",
            actor=client_actor(caller.claims),
            context=Context(operation="keeping-said", outcome=said.keeps, about=f"ed-fi-system:{system}"),
        )
        request.app.state.outbox.record(tx, event)
    await tx.flush()
    [one] = await told(tx, [api.system], now)
    return one
