"""The organisations and clients of a demo state, put into its gateway's store before it starts: what an operator does by command."""

import json
from datetime import date
from pathlib import Path
from uuid import UUID

from node.client_registration import register
from node.demo.seats import MOVER_DISTRICT, RECEIVING_DISTRICT, SEATS, VENDORS
from node.synthetic import StatePlan, SyntheticOrganisation, organisations, students
from safepassage.wire_organisations import NewOrganisation
from services.gateway.registry.administration import Administration

OPENED = date(2020, 7, 1)
ORGANISATIONS_FILE = "organisations.json"


async def seed(
    hand: Administration,
    plan: StatePlan,
    *,
    agency_id: UUID,
    issuer: str,
    folder: Path,
    as_of: date,
    url: str | None = None,
    authorities: str | None = None,
) -> None:
    """Add the state's agency, districts, schools and vendors, and register its clients.

    agency_id  the node's own organisation
    folder     exists; gets a file per client and `organisations.json`: the id of each organisation by its key
    """
    ids: dict[str, UUID] = {}
    for one in organisations(plan):
        parent = None if one.parent is None else ids[one.parent]
        added = await hand.add_organisation(_described(one, parent), organisation_id=agency_id if one.kind == "sea" else None)
        ids[one.key] = added.id
    for vendor in VENDORS[plan.name]:
        added = await hand.add_organisation(NewOrganisation(kind="vendor", name=vendor, valid_from=OPENED))
        ids[vendor] = added.id
    ids |= chosen_districts(plan, ids, as_of=as_of)
    await seat_clients(hand, plan, ids, issuer=issuer, folder=folder, url=url, authorities=authorities)


async def seat_clients(
    hand: Administration,
    plan: StatePlan,
    ids: dict[str, UUID],
    *,
    issuer: str,
    folder: Path,
    url: str | None = None,
    authorities: str | None = None,
) -> None:
    """Register the clients of a state's seats, and write their files and the ids of the organisations into `folder`.

    ids  of the organisations that the seats name, and of any others by their key
    """
    for seat in SEATS[plan.name]:
        await register(
            hand,
            organisation_id=ids[seat.organisation],
            name=f"{plan.name}: {seat.name}",
            kind=seat.kind,
            role=seat.role,
            scopes=seat.scopes,
            purposes=seat.purposes,
            issuer=issuer,
            file=folder / f"{seat.name}.json",
            url=url,
            authorities=authorities,
        )
    (folder / ORGANISATIONS_FILE).write_text(json.dumps({key: str(identifier) for key, identifier in ids.items()}, indent=2))


def chosen_districts(plan: StatePlan, ids: dict[str, UUID], *, as_of: date) -> dict[str, UUID]:
    """The district from which the demo's child comes, or to which it goes."""
    if plan.name == "Alder":
        mover = next(iter(students(plan, as_of=as_of, count=1)))
        return {MOVER_DISTRICT: ids[mover.district.key]}
    first = next(one for one in organisations(plan) if one.kind == "lea")
    return {RECEIVING_DISTRICT: ids[first.key]}


def _described(one: SyntheticOrganisation, parent: UUID | None) -> NewOrganisation:
    district = one.kind == "lea"
    return NewOrganisation(
        kind=one.kind,
        name=one.name,
        parent_id=parent,
        nces_id=one.nces_id,
        state_id=one.state_id,
        time_zone=one.time_zone,
        onward_transfer_agreed="transfer agreement 2025-07" if district else None,
        annual_notice_forwards_records="annual notice 2026, page 3" if district else None,
        annual_notice_school_officials="annual notice 2026, page 2" if district else None,
        valid_from=OPENED,
    )
