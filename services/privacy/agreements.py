"""Agreements: what districts signed with parties that act for them, audit or study (34 CFR 99.31). Each district ends its own part."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query, Request
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.ids import uuid7
from safepassage.problems.evidence import ClauseMissing
from safepassage.problems.privacy import (
    AgreementTerminated,
    DistrictNotYours,
    NoSuchAgreement,
    NoSuchRecipient,
    UnknownElement,
    UnknownPurpose,
)
from safepassage.problems.requests import InvalidRequest
from safepassage.wire_evidence import AnyAgreement, AnyNewAgreement
from safepassage.wire_policy import AgreementTermination
from safepassage.wire_programmes import NewAuditAgreement
from services.privacy.agreement_parties import sorted_name
from services.privacy.agreement_records import agreement_by_id, visible_agreement
from services.privacy.behind import event_of
from services.privacy.clocks import begins
from services.privacy.duties import Clock, end_duties, start_duties
from services.privacy.evidence import require_elements, require_party, require_purposes
from services.privacy.policy.agreement_facts import CLAUSES
from services.privacy.rights import zone_name_of
from services.privacy.sealing import Sealer
from services.privacy.tables import AgreementAmendmentRow, AgreementDistrictRow, AgreementRow, ObligationRow, OrganisationRow
from shared.caller import Caller, caller_with
from shared.contracts.audit import Context
from shared.database import ReadOnly, Transaction
from shared.idempotency import Once
from shared.problems import responses
from shared.request_clock import Now
from shared.tenancy import belongs_to, within

router = APIRouter(prefix="/v1/agreements", tags=["agreements"])

Writer = Annotated[Caller, caller_with("agreements:write")]
Reader = Annotated[Caller, caller_with("agreements:read", "agreements:write")]


@router.post(
    "",
    status_code=201,
    responses=responses(DistrictNotYours, NoSuchRecipient, UnknownElement, UnknownPurpose, ClauseMissing, InvalidRequest),
)
async def record_agreement(
    new: AnyNewAgreement, request: Request, caller: Writer, tx: Transaction, now: Now, once: Annotated[Once, Depends()]
) -> AnyAgreement:
    """Put a written agreement on record: its schedule of data, its purposes, and where it has each clause that the law asks for."""
    earlier = await once.earlier(tx, caller, "record_agreement")
    if earlier is not None:
        return await visible_agreement(tx, caller, earlier)
    agreement_id = await put_on_record(request, tx, caller, new, now)
    await once.keep(tx, caller, "record_agreement", agreement_id, now)
    return await agreement_by_id(tx, agreement_id)


@router.get("/{agreement_id}", responses=responses(NoSuchAgreement, InvalidRequest))
async def read_agreement(
    agreement_id: UUID,
    caller: Reader,
    tx: ReadOnly,
    known_at: Annotated[datetime | None, Query(description="As it was known to stand at this instant; now, if left out.")] = None,
) -> AnyAgreement:
    """An agreement to which the caller's organisation, one of its districts, or the vendor itself is a party."""
    if known_at is not None and known_at.tzinfo is None:
        raise InvalidRequest("an instant needs its UTC offset", field="known_at")
    return await visible_agreement(tx, caller, agreement_id, known_at=known_at)


@router.post("/{agreement_id}/termination", responses=responses(NoSuchAgreement, AgreementTerminated))
async def terminate_agreement(
    agreement_id: UUID,
    termination: AgreementTermination,
    request: Request,
    caller: Writer,
    tx: Transaction,
    now: Now,
    once: Annotated[Once, Depends()],
) -> AnyAgreement:
    """End an agreement for the caller's own districts. Nothing more is disclosed under it, and the party's data are due for destruction."""
    earlier = await once.earlier(tx, caller, "terminate_agreement")
    if earlier is not None:
        return await agreement_by_id(tx, earlier)
    row = (await tx.execute(select(AgreementRow).where(AgreementRow.id == agreement_id).with_for_update())).scalar_one_or_none()
    own = await own_parts(tx, caller, agreement_id)
    if row is None or not own:
        raise NoSuchAgreement
    ending = [part for part in own if part.terminated_at is None]
    if not ending:
        raise AgreementTerminated
    for part in ending:
        part.terminated_at, part.termination_reason = now, termination.reason
        await _destruction_is_due(tx, row.id, part.district_id, now)
        await end_expiry(tx, request.app.state.sealer, caller, row, part.district_id, f"agreement:{row.id}:terminated", now)
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


async def own_parts(tx: AsyncSession, caller: Caller, agreement_id: UUID) -> Sequence[AgreementDistrictRow]:
    """The caller's districts' parts, locked."""
    query = select(AgreementDistrictRow).where(
        AgreementDistrictRow.agreement_id == agreement_id,
        belongs_to(AgreementDistrictRow.district_id, OrganisationRow, caller.organisation_id),
    )
    return (await tx.execute(query.order_by(AgreementDistrictRow.district_id).with_for_update())).scalars().all()


async def _require_own_districts(tx: AsyncSession, caller: Caller, district_ids: Sequence[UUID]) -> None:
    query = select(OrganisationRow.id).where(
        OrganisationRow.id.in_(district_ids),
        OrganisationRow.kind == "lea",
        belongs_to(OrganisationRow.id, OrganisationRow, caller.organisation_id),
    )
    own = set((await tx.execute(query)).scalars())
    if not own.issuperset(district_ids):
        raise DistrictNotYours(field="district_ids")


async def put_on_record(request: Request, tx: AsyncSession, caller: Caller, new: AnyNewAgreement, now: datetime) -> UUID:
    """Check a new agreement, record it, start its clocks and tell of it. Raises the problems of `record_agreement`."""
    await _require_own_districts(tx, caller, new.district_ids)
    _require_order(new)
    require_elements(new.elements)
    require_purposes(new.purposes)
    require_clauses(new)
    await require_party(tx, str(new.recipient_id), kinds=("vendor", "agency"))
    if isinstance(new, NewAuditAgreement):
        await _require_authority(tx, new)
    row = AgreementRow(
        id=uuid7(now),
        recipient_id=new.recipient_id,
        recipient_name=sorted_name((await tx.get_one(OrganisationRow, new.recipient_id)).organisation.name),
        starts_on=new.starts_on,
        ends_on=new.ends_on,
        recorded_at=now,
        epoch=1,
        whole=new.model_dump_json(),
    )
    tx.add(row)
    await tx.flush()
    tx.add_all(AgreementDistrictRow(agreement_id=row.id, district_id=district_id) for district_id in dict.fromkeys(new.district_ids))
    clocks = await expiry_clocks(tx, row, new.district_ids, new.ends_on, request.app.state.settings.node_organisation_id)
    await start_duties(tx, request.app.state.sealer, clocks, now=now)
    context = Context(
        operation="agreement-recorded", agreement_id=row.id, recipient_organisation=str(row.recipient_id), elements=new.elements
    )
    request.app.state.outbox.record(tx, event_of("agreement", f"agreement:{row.id}:recorded", caller, context))
    return row.id


def require_clauses(new: AnyNewAgreement) -> None:
    """Each clause that the law makes an agreement of this kind depend on has its place in the document. Raises ClauseMissing."""
    for member, paragraph in CLAUSES[new.kind].items():
        if not getattr(new, member):
            raise ClauseMissing(f"34 CFR {paragraph}", field=member)


async def _require_authority(tx: AsyncSession, new: NewAuditAgreement) -> None:
    """Who designates is an educational authority or agency of this node, and designates another than itself."""
    query = select(OrganisationRow.id).where(OrganisationRow.id == new.authority_id, OrganisationRow.kind.in_(("sea", "lea", "agency")))
    if new.authority_id == new.recipient_id or (await tx.execute(query)).scalar_one_or_none() is None:
        raise NoSuchRecipient(field="authority_id")


def _require_order(new: AnyNewAgreement) -> None:
    if new.ends_on <= new.starts_on:
        raise InvalidRequest("an agreement ends after it starts", field="ends_on")


async def expiry_clocks(
    tx: AsyncSession, row: AgreementRow, district_ids: Sequence[UUID], ends_on: date, node_organisation_id: UUID, *, number: int = 0
) -> list[Clock]:
    """For each district the clock that warns before it ends, in the days of the state agency, as the agreement's are.

    number  of the amendment that moved the end
    """
    zone_name = await zone_name_of(tx, node_organisation_id)
    ends_at, about = begins(ends_on, ZoneInfo(zone_name)), _about(row.id, number)
    return [
        Clock("agreement-expiry", district_id, zone_name, row.recorded_at, about=about, ends_at=ends_at)
        for district_id in dict.fromkeys(district_ids)
    ]


async def end_expiry(
    tx: AsyncSession, sealer: Sealer, caller: Caller, row: AgreementRow, district_id: UUID, evidence_ref: str, now: datetime
) -> None:
    """A district needs the warnings of this end no more: the agreement has ended, or ends on another day."""
    numbers = await tx.scalars(select(AgreementAmendmentRow.number).where(AgreementAmendmentRow.agreement_id == row.id))
    for number in (0, *numbers):
        about = _about(row.id, number)
        await end_duties(
            tx, sealer, caller, about=about, kinds=("agreement-expiry",), custodian_id=district_id, evidence_ref=evidence_ref, now=now
        )


def _about(agreement_id: UUID, number: int) -> str:
    return f"agreement:{agreement_id}" if number == 0 else f"agreement:{agreement_id}:{number}"


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
