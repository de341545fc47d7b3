"""Amendments: what was agreed later is added to an agreement and changes nothing of before."""

from datetime import datetime
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Request
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.ids import uuid7
from safepassage.problems.evidence import AmendmentNotPossible
from safepassage.problems.privacy import AgreementTerminated, DistrictNotYours, NoSuchAgreement, UnknownElement, UnknownPurpose
from safepassage.wire_evidence import AnyAgreement
from safepassage.wire_policy import AgreementAmendment
from services.privacy.agreement_records import agreement_by_id, visible_agreement
from services.privacy.agreements import Writer, end_expiry, expiry_clocks, own_parts
from services.privacy.behind import event_of
from services.privacy.clocks import begins
from services.privacy.duties import start_duties
from services.privacy.evidence import require_elements, require_purposes
from services.privacy.rights import zone_name_of
from services.privacy.tables import AgreementAmendmentRow, AgreementDistrictRow, AgreementRow, ObligationRow, OrganisationRow
from shared.caller import Caller
from shared.contracts.audit import Context
from shared.database import Transaction
from shared.idempotency import Once
from shared.problems import responses
from shared.request_clock import Now
from shared.tenancy import within_any

router = APIRouter(prefix="/v1/agreements", tags=["agreements"])

MOST = 40


@router.post(
    "/{agreement_id}/amendments",
    status_code=201,
    responses=responses(NoSuchAgreement, AgreementTerminated, DistrictNotYours, AmendmentNotPossible, UnknownElement, UnknownPurpose),
)
async def amend_agreement(
    agreement_id: UUID,
    amendment: AgreementAmendment,
    request: Request,
    caller: Writer,
    tx: Transaction,
    now: Now,
    once: Annotated[Once, Depends()],
) -> AnyAgreement:
    """Put a signed amendment on record: schedule, purposes, end, clauses and subprocessors from its day on. The earlier state stays."""
    earlier = await once.earlier(tx, caller, "amend_agreement")
    if earlier is not None:
        return await agreement_by_id(tx, earlier)
    await add_amendment(request, tx, caller, agreement_id, amendment, now)
    await once.keep(tx, caller, "amend_agreement", agreement_id, now)
    return await agreement_by_id(tx, agreement_id)


async def add_amendment(
    request: Request, tx: AsyncSession, caller: Caller, agreement_id: UUID, amendment: AgreementAmendment, now: datetime
) -> None:
    """Check an amendment, record it, move what follows from the end, and tell of it. Raises the problems of `amend_agreement`."""
    await visible_agreement(tx, caller, agreement_id)
    row = (await tx.execute(select(AgreementRow).where(AgreementRow.id == agreement_id).with_for_update())).scalar_one()
    agreement = await agreement_by_id(tx, agreement_id)
    own = {part.district_id for part in await own_parts(tx, caller, agreement_id) if part.terminated_at is None}
    await _require_possible(request, tx, agreement, amendment, own, now)
    number = len(agreement.amendments) + 1
    tx.add(
        AgreementAmendmentRow(
            id=uuid7(now),
            agreement_id=row.id,
            number=number,
            in_force_from=amendment.from_,
            recorded_at=now,
            whole=amendment.model_dump_json(by_alias=True),
        )
    )
    row.epoch += 1
    await tx.flush()
    ends_on = ([it.ends_on for it in agreement.amendments] or [agreement.ends_on])[-1]
    if amendment.ends_on != ends_on:
        await _move_the_end(request, tx, caller, row, amendment, sorted(own), number, now)
    context = Context(
        operation="agreement-amended",
        agreement_id=row.id,
        recipient_organisation=str(row.recipient_id),
        elements=amendment.elements,
        count=number,
    )
    request.app.state.outbox.record(tx, event_of("agreement", f"agreement:{row.id}:amended:{number}", caller, context))


async def _require_possible(
    request: Request, tx: AsyncSession, agreement: AnyAgreement, amendment: AgreementAmendment, own: set[UUID], now: datetime
) -> None:
    """INVARIANT: nobody changes what binds another's district. Raises the problems of the route."""
    if agreement.terminated_at is not None:
        raise AgreementTerminated
    query = select(func.count()).where(AgreementDistrictRow.agreement_id == agreement.id, AgreementDistrictRow.terminated_at.is_(None))
    if len(own) != (await tx.execute(query)).scalar_one():
        raise DistrictNotYours("an amendment binds every district of the agreement; theirs is the state agency's to record")
    require_elements(amendment.elements)
    require_purposes(amendment.purposes)
    zone = ZoneInfo(await zone_name_of(tx, request.app.state.settings.node_organisation_id))
    if amendment.signed_on > now.astimezone(zone).date():
        raise AmendmentNotPossible("signed before it is recorded", field="signed_on")
    if amendment.from_ < max([agreement.starts_on, *(it.from_ for it in agreement.amendments)]):
        raise AmendmentNotPossible("not before the agreement, or the amendment before it, begins", field="from")
    if amendment.from_ > ([it.ends_on for it in agreement.amendments] or [agreement.ends_on])[-1]:
        # what was due for destruction at the end would not be any more, though nobody might have it in between
        raise AmendmentNotPossible("it begins when the agreement has ended: record a new agreement", field="from")
    if amendment.ends_on <= amendment.from_:
        raise AmendmentNotPossible("it ends after it begins", field="ends_on")
    if len(agreement.amendments) >= MOST:
        raise AmendmentNotPossible(f"{MOST} amendments at the most: record a new agreement", field="document")


async def _move_the_end(
    request: Request,
    tx: AsyncSession,
    caller: Caller,
    row: AgreementRow,
    amendment: AgreementAmendment,
    district_ids: list[UUID],
    number: int,
    now: datetime,
) -> None:
    """The warnings before the end, and the destruction that is owed at it, follow the new day."""
    row.ends_on = amendment.ends_on
    node_organisation_id = request.app.state.settings.node_organisation_id
    for district_id in district_ids:
        await end_expiry(tx, request.app.state.sealer, caller, row, district_id, f"agreement:{row.id}:amended:{number}", now)
    clocks = await expiry_clocks(tx, row, district_ids, amendment.ends_on, node_organisation_id, number=number)
    await start_duties(tx, request.app.state.sealer, clocks, now=now)
    zone = ZoneInfo(await zone_name_of(tx, node_organisation_id))
    await tx.execute(
        update(ObligationRow)
        .where(
            ObligationRow.agreement_id == row.id,
            ObligationRow.kind == "destroy-by",
            ObligationRow.discharged_at.is_(None),
            # what a district is owed that has ended its part is due since then
            ObligationRow.custodian_id.in_(within_any(OrganisationRow, district_ids)),
        )
        .values(due_at=begins(amendment.ends_on, zone))
        .execution_options(synchronize_session=False)
    )
