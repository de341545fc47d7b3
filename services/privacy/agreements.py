"""Agreements: the written contracts under which a vendor serves districts (34 CFR 99.31(a)(1)(i)(B)). Each district ends its own part."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Request
from sqlalchemy import Connection, bindparam, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.ids import uuid7
from safepassage.problems.privacy import (
    AgreementTerminated,
    DistrictNotYours,
    NoSuchAgreement,
    NoSuchRecipient,
    UnknownElement,
    UnknownPurpose,
)
from safepassage.problems.requests import InvalidRequest
from safepassage.wire_policy import Agreement, AgreementTermination, NewAgreement
from services.privacy.behind import event_of
from services.privacy.clocks import begins
from services.privacy.duties import Clock, end_duties, start_duties
from services.privacy.evidence import require_elements, require_party, require_purposes
from services.privacy.rights import zone_name_of
from services.privacy.tables import AgreementDistrictRow, AgreementRow, ObligationRow, OrganisationRow
from shared import prepared
from shared.caller import Caller, caller_with
from shared.clock import Now
from shared.contracts.audit import Context
from shared.database import ReadOnly, Transaction
from shared.idempotency import Once
from shared.problems import responses
from shared.tenancy import within

router = APIRouter(prefix="/v1/agreements", tags=["agreements"])

Writer = Annotated[Caller, caller_with("agreements:write")]
Reader = Annotated[Caller, caller_with("agreements:read", "agreements:write")]


@router.post("", status_code=201, responses=responses(DistrictNotYours, NoSuchRecipient, UnknownElement, UnknownPurpose, InvalidRequest))
async def record_agreement(
    new: NewAgreement, request: Request, caller: Writer, tx: Transaction, now: Now, once: Annotated[Once, Depends()]
) -> Agreement:
    """Put a written agreement on record: its schedule of data, its purposes, and where it has each clause that the law asks for."""
    earlier = await once.earlier(tx, caller, "record_agreement")
    if earlier is not None:
        return await _visible(tx, caller, earlier)
    await _require_own_districts(tx, caller, new.district_ids)
    _require_order(new)
    require_elements(new.elements)
    require_purposes(new.purposes)
    await require_party(tx, str(new.recipient_id), kinds=("vendor", "agency"))
    row = AgreementRow(
        id=uuid7(now),
        recipient_id=new.recipient_id,
        starts_on=new.starts_on,
        ends_on=new.ends_on,
        recorded_at=now,
        epoch=1,
        whole=new.model_dump_json(),
    )
    tx.add(row)
    await tx.flush()
    tx.add_all(AgreementDistrictRow(agreement_id=row.id, district_id=district_id) for district_id in dict.fromkeys(new.district_ids))
    await start_duties(
        tx,
        request.app.state.sealer,
        await _expiry_clocks(tx, row, new.district_ids, request.app.state.settings.node_organisation_id),
        now=now,
    )
    await once.keep(tx, caller, "record_agreement", row.id, now)
    context = Context(
        operation="agreement-recorded", agreement_id=row.id, recipient_organisation=str(row.recipient_id), elements=new.elements
    )
    request.app.state.outbox.record(tx, event_of("agreement", f"agreement:{row.id}:recorded", caller, context))
    return await agreement_by_id(tx, row.id)


@router.get("/{agreement_id}", responses=responses(NoSuchAgreement))
async def read_agreement(agreement_id: UUID, caller: Reader, tx: ReadOnly) -> Agreement:
    """An agreement to which the caller's organisation, one of its districts, or the vendor itself is a party."""
    return await _visible(tx, caller, agreement_id)


@router.post("/{agreement_id}/termination", responses=responses(NoSuchAgreement, AgreementTerminated))
async def terminate_agreement(
    agreement_id: UUID,
    termination: AgreementTermination,
    request: Request,
    caller: Writer,
    tx: Transaction,
    now: Now,
    once: Annotated[Once, Depends()],
) -> Agreement:
    """End an agreement for the caller's own districts. Nothing more is disclosed under it, and the party's data are due for destruction."""
    earlier = await once.earlier(tx, caller, "terminate_agreement")
    if earlier is not None:
        return await agreement_by_id(tx, earlier)
    row = (await tx.execute(select(AgreementRow).where(AgreementRow.id == agreement_id).with_for_update())).scalar_one_or_none()
    own = await _own_parts(tx, caller, agreement_id)
    if row is None or not own:
        raise NoSuchAgreement
    ending = [part for part in own if part.terminated_at is None]
    if not ending:
        raise AgreementTerminated
    for part in ending:
        part.terminated_at, part.termination_reason = now, termination.reason
        await _destruction_is_due(tx, row.id, part.district_id, now)
        await end_duties(
            tx,
            request.app.state.sealer,
            caller,
            about=f"agreement:{row.id}",
            kinds=("agreement-expiry",),
            custodian_id=part.district_id,
            evidence_ref=f"agreement:{row.id}:terminated",
            now=now,
        )
    row.epoch += 1
    await once.keep(tx, caller, "terminate_agreement", row.id, now)
    context = Context(
        operation="agreement-terminated",
        reason=termination.reason,
        agreement_id=row.id,
        recipient_organisation=str(row.recipient_id),
        count=len(ending),
    )
    request.app.state.outbox.record(tx, event_of("agreement", f"agreement:{row.id}:terminated:{row.epoch}", caller, context))
    await tx.flush()
    return await agreement_by_id(tx, row.id)


async def agreement_by_id(tx: AsyncSession, agreement_id: UUID) -> Agreement:
    """The agreement as it stands. Raises NoSuchAgreement."""
    found = await tx.run_sync(lambda session: held_agreement(session.connection(), agreement_id))
    if found is None:
        raise NoSuchAgreement
    return found[0]


_HELD = (
    select(
        AgreementRow.id,
        AgreementRow.recorded_at,
        AgreementRow.epoch,
        AgreementRow.whole,
        AgreementDistrictRow.district_id,
        AgreementDistrictRow.terminated_at,
    )
    .join(AgreementDistrictRow, AgreementDistrictRow.agreement_id == AgreementRow.id)
    .where(AgreementRow.id == bindparam("agreement_id"))
)


def held_agreement(connection: Connection, agreement_id: UUID) -> tuple[Agreement, int] | None:
    """The agreement as it stands, and its epoch; one statement.

    `district_ids` are those for whom it is in force; once it has ended for all of them, those for whom it was.
    """
    found = prepared.rows(connection, _HELD, {"agreement_id": agreement_id})
    if not found:
        return None
    row = found[0]
    new = NewAgreement.model_validate_json(row.whole)
    parts = {part.district_id: part.terminated_at for part in found}
    left = tuple(district_id for district_id in new.district_ids if parts.get(district_id) is None and district_id in parts)
    ends = [at for at in parts.values() if at is not None]
    members = new.model_dump() | {
        "id": row.id,
        "recorded_at": row.recorded_at,
        "district_ids": left or new.district_ids,
        "terminated_at": None if left else max(ends),
    }
    return Agreement.model_validate(members), row.epoch


async def _visible(tx: AsyncSession, caller: Caller, agreement_id: UUID) -> Agreement:
    mine = select(AgreementDistrictRow.agreement_id).where(
        AgreementDistrictRow.district_id.in_(within(OrganisationRow, caller.organisation_id))
    )
    query = select(AgreementRow.id).where(
        AgreementRow.id == agreement_id, or_(AgreementRow.id.in_(mine), AgreementRow.recipient_id == caller.organisation_id)
    )
    if (await tx.execute(query)).scalar_one_or_none() is None:
        raise NoSuchAgreement
    return await agreement_by_id(tx, agreement_id)


async def _own_parts(tx: AsyncSession, caller: Caller, agreement_id: UUID) -> Sequence[AgreementDistrictRow]:
    query = select(AgreementDistrictRow).where(
        AgreementDistrictRow.agreement_id == agreement_id,
        AgreementDistrictRow.district_id.in_(within(OrganisationRow, caller.organisation_id)),
    )
    return (await tx.execute(query.with_for_update())).scalars().all()


async def _require_own_districts(tx: AsyncSession, caller: Caller, district_ids: Sequence[UUID]) -> None:
    query = select(OrganisationRow.id).where(
        OrganisationRow.id.in_(district_ids),
        OrganisationRow.kind == "lea",
        OrganisationRow.id.in_(within(OrganisationRow, caller.organisation_id)),
    )
    own = set((await tx.execute(query)).scalars())
    if not own.issuperset(district_ids):
        raise DistrictNotYours(field="district_ids")


def _require_order(new: NewAgreement) -> None:
    if new.ends_on <= new.starts_on:
        raise InvalidRequest("an agreement ends after it starts", field="ends_on")


async def _expiry_clocks(tx: AsyncSession, row: AgreementRow, district_ids: Sequence[UUID], node_organisation_id: UUID) -> list[Clock]:
    """For each district the clock that warns before it ends, in the days of the state agency, as the agreement's are."""
    zone_name = await zone_name_of(tx, node_organisation_id)
    ends_at, about = begins(row.ends_on, ZoneInfo(zone_name)), f"agreement:{row.id}"
    return [
        Clock("agreement-expiry", district_id, zone_name, row.recorded_at, about=about, ends_at=ends_at)
        for district_id in dict.fromkeys(district_ids)
    ]


async def _destruction_is_due(tx: AsyncSession, agreement_id: UUID, district_id: UUID, now: datetime) -> None:
    """What the vendor owes at the agreement's end, it owes now: the end has come for this district."""
    await tx.execute(
        update(ObligationRow)
        .where(
            ObligationRow.agreement_id == agreement_id,
            ObligationRow.kind == "destroy-by",
            ObligationRow.discharged_at.is_(None),
            ObligationRow.due_at > now,
            ObligationRow.custodian_id.in_(within(OrganisationRow, district_id)),
        )
        .values(due_at=now)
        .execution_options(synchronize_session=False)
    )
