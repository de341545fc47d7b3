"""`/v1/ed-fi-systems`: a district says what the node keeps of what the district's own system has: the record, or what finds the child."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request
from sqlalchemy import func, select

from safepassage.ids import uuid7
from safepassage.problems.ed_fi import NoSuchEdFiSystem
from safepassage.problems.requests import NotPermitted
from safepassage.wire_ed_fi import EdFiKeeping, EdFiSystemOfOrganisation, EdFiSystemsOfOrganisation, SystemName
from services.records.ed_fi.pulling import RECORD
from services.records.record_sources import LEFT
from services.records.tables import OWN, EdFiKeepingRow, EdFiPullRow, OrganisationRow, SectionRow, StudentRow
from shared.actors import client_actor
from shared.caller import Caller, caller_with
from shared.clock import Now
from shared.contracts.audit import Context, Event
from shared.database import ReadOnly, Transaction
from shared.problems import responses
from shared.tenancy import within

router = APIRouter(prefix="/v1/ed-fi-systems", tags=["ed-fi"])

Loader = Annotated[Caller, caller_with("records:load")]


@router.get("")
async def list_ed_fi_systems(caller: Loader, request: Request, tx: ReadOnly) -> EdFiSystemsOfOrganisation:
    """The caller's own Ed-Fi systems, what is kept of each, and of how many students the rest is with the district's own system."""
    names = request.app.state.ed_fi.names_of(caller.organisation_id)
    return EdFiSystemsOfOrganisation(systems=tuple([await _told(tx, caller.organisation_id, name) for name in names]))


@router.put("/{system}/keeping", responses=responses(NoSuchEdFiSystem, NotPermitted))
async def say_what_is_kept(
    system: SystemName, said: EdFiKeeping, caller: Loader, request: Request, tx: Transaction, now: Now
) -> EdFiSystemOfOrganisation:
    """Say what the node keeps of what this system has. The next pull does it: it reads everything, and removes what is kept no more."""
    if caller.kind not in ("lea", "school"):
        raise NotPermitted("a district says this of its own students")
    request.app.state.ed_fi.of(system, caller.organisation_id)
    row = await tx.get(EdFiKeepingRow, (caller.organisation_id, system), with_for_update=True)
    if row is None:
        row = EdFiKeepingRow(organisation_id=caller.organisation_id, system=system, keeps=RECORD, said_at=now)
        tx.add(row)
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
    return await _told(tx, caller.organisation_id, system)


async def _told(tx: ReadOnly, organisation_id: UUID, name: str) -> EdFiSystemOfOrganisation:
    said, pulled = await tx.get(EdFiKeepingRow, (organisation_id, name)), await tx.get(EdFiPullRow, (organisation_id, name))
    own = within(OrganisationRow, organisation_id)
    left = select(func.count()).select_from(SectionRow).join(StudentRow, StudentRow.id == SectionRow.student_id)
    count = (
        await tx.execute(left.where(SectionRow.section == LEFT, SectionRow.source == OWN, StudentRow.custodian_id.in_(own)))
    ).scalar_one()
    return EdFiSystemOfOrganisation(
        name=name,
        keeps="record" if said is None or said.keeps == RECORD else "identity",
        done=pulled is not None and pulled.keeps == (RECORD if said is None else said.keeps),
        pulled_at=None if pulled is None else pulled.pulled_at,
        students_left_with_district=count,
    )
