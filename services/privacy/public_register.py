"""`GET /internal/public-register`: what state laws have an agency publish, off the agreements and duties that run (docs/public-page.md).

INVARIANT: nothing is in it that names a student or an employee, or that the agency refers to in its own files.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Request
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.wire_evidence import AnyAgreement
from services.privacy.agreement_records import agreement_by_id
from services.privacy.clocks import DUTY_RULES
from services.privacy.policy.agreement_facts import amendment_in_force, subprocessors_in_force
from services.privacy.policy.calendar_days import Place
from services.privacy.tables import AgreementDistrictRow, AgreementRow, DutyRow, OrganisationRow
from shared.caller import sibling
from shared.contracts.public_register import PublicAgreement, PublicBreach, PublicRegister, PublicSubprocessor
from shared.database import ReadOnly
from shared.internal_token import Principal
from shared.request_clock import Now

router = APIRouter(prefix="/internal/public-register", tags=["internal"])

MOST: Final = 1_000
FAMILIES_TOLD: Final = ("breach-families-told-il", "breach-families-told-ny")
"""Duties that end when families were told of a breach."""


@router.get("")
async def read_public_register(
    request: Request, _gateway: Annotated[Principal, sibling("gateway")], tx: ReadOnly, now: Now
) -> PublicRegister:
    """The agreements that stand today, and the breaches of which families were told."""
    node = await tx.get_one(OrganisationRow, request.app.state.settings.node_organisation_id)
    place = Place.at(node.organisation.time_zone, now)
    standing = select(AgreementDistrictRow.agreement_id).where(AgreementDistrictRow.terminated_at.is_(None))
    query = select(AgreementRow.id).where(AgreementRow.ends_on > place.today, AgreementRow.id.in_(standing))
    ids = (await tx.scalars(query.order_by(AgreementRow.id).limit(MOST + 1))).all()
    agreements = [await agreement_by_id(tx, one) for one in ids[:MOST]]
    told = select(DutyRow).where(DutyRow.kind.in_(FAMILIES_TOLD), DutyRow.done_at.is_not(None))
    breaches = (await tx.scalars(told.order_by(DutyRow.begins_at.desc(), DutyRow.id).limit(MOST + 1))).all()
    parties = {one.recipient_id for one in agreements} | {one for each in agreements for one in each.district_ids}
    names = await _names(tx, parties | {one.custodian_id for one in breaches})
    return PublicRegister(
        agency=node.organisation.name,
        agreements=tuple(_agreement(one, place, names) for one in agreements),
        breaches=tuple(_breach(one.kind, names[one.custodian_id], one.begins_at, one.done_at) for one in breaches[:MOST]),
        complete=max(len(ids), len(breaches)) <= MOST,
    )


async def _names(tx: AsyncSession, ids: set[UUID]) -> Mapping[UUID, str]:
    rows = (await tx.scalars(select(OrganisationRow).where(OrganisationRow.id.in_(ids)))).all()
    return {one: str(one) for one in ids} | {row.id: row.organisation.name for row in rows}


def _agreement(one: AnyAgreement, place: Place, names: Mapping[UUID, str]) -> PublicAgreement:
    amended = amendment_in_force(one, place)
    scheduled = one if amended is None else amended
    return PublicAgreement(
        id=one.id,
        party=names[one.recipient_id],
        kind=one.kind,
        districts=tuple(sorted(names[it] for it in one.district_ids)),
        purposes=scheduled.purposes,
        elements=tuple(sorted(set(scheduled.elements))),
        starts_on=one.starts_on,
        ends_on=scheduled.ends_on,
        subprocessors=tuple(PublicSubprocessor(name=it.name, service=it.service) for it in subprocessors_in_force(one, place)),
    )


def _breach(kind: str, organisation: str, discovered_at: datetime, told_at: datetime | None) -> PublicBreach:
    return PublicBreach(
        organisation=organisation, discovered_at=discovered_at, told_at=told_at or discovered_at, citation=DUTY_RULES[kind].citation
    )
