"""Organisations: the tree that says who sees whose students. The gateway owns it and tells the other services of every change.

These functions are called by the routes and by the operator's command alike, each in one transaction with the log's entry.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.ids import uuid7
from safepassage.problems.access import OrganisationNotCoherent, OrganisationTaken
from safepassage.problems.requests import NotFound, VersionConflict
from safepassage.trust_members import Member
from safepassage.wire_organisations import NewOrganisation, Organisation, OrganisationKind
from services.gateway.registry.in_force import agency_zone, day_in, is_there
from services.gateway.registry.organisation_ends import end_what_came_of
from services.gateway.tables import OrganisationRow
from shared.contracts.audit import Actor, Context, Event
from shared.contracts.organisations import OrganisationProjection
from shared.outbox import Outbox
from shared.who_may_call import ServiceName

PROJECTED_TO: Final[tuple[ServiceName, ...]] = ("privacy", "records", "audit")
PARENTS: Final[dict[OrganisationKind, OrganisationKind]] = {"lea": "sea", "school": "lea"}
NCES_DIGITS: Final[dict[OrganisationKind, int]] = {"lea": 7, "school": 12}


def require_coherent(organisation: NewOrganisation, *, parent: OrganisationKind | None) -> None:
    """Check that kind, parent, identifiers and dates go together. `parent`: the kind of the parent. Raises OrganisationNotCoherent."""
    kind = organisation.kind
    if PARENTS.get(kind) != parent:
        needed = PARENTS.get(kind)
        raise OrganisationNotCoherent(f"the parent of a {kind} is a {needed}" if needed else f"a {kind} has no parent", field="parent_id")
    if (kind == "peer") != (organisation.entity_id is not None):
        raise OrganisationNotCoherent("a peer, and no other, has an entity id", field="entity_id")
    if organisation.nces_id is not None and len(organisation.nces_id) != NCES_DIGITS.get(kind, 0):
        raise OrganisationNotCoherent("a district has an NCES id of 7 digits, a school of 12, others none", field="nces_id")
    if organisation.valid_until is not None and organisation.valid_until < organisation.valid_from:
        raise OrganisationNotCoherent("it ends before it begins", field="valid_until")
    try:
        ZoneInfo(organisation.time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise OrganisationNotCoherent("not a time zone of the IANA database", field="time_zone") from error


async def add_organisation(
    tx: AsyncSession, outbox: Outbox, new: NewOrganisation, *, actor: Actor, now: datetime, organisation_id: UUID | None = None
) -> Organisation:
    """Add an organisation. `organisation_id` only where the id was given before the node had a store (the state agency's own).

    Raises OrganisationNotCoherent, OrganisationTaken.
    """
    require_coherent(new, parent=await _parent_kind(tx, new.parent_id))
    organisation = Organisation(id=organisation_id or uuid7(now), version=1, **new.model_dump())
    tx.add(OrganisationRow(id=organisation.id, **_columns(organisation)))
    await _flush(tx)
    _tell(tx, outbox, organisation, "organisation-added", actor, now)
    return organisation


async def change_organisation(tx: AsyncSession, outbox: Outbox, changed: Organisation, *, actor: Actor, now: datetime) -> Organisation:
    """Replace what is known of an organisation; `changed.version` is the version that was read. Its kind never changes.

    Where that ends it, or brings it back, everything that lets somebody in on its behalf ends.

    Raises NotFound, VersionConflict, OrganisationNotCoherent, OrganisationTaken.
    """
    row = (await tx.execute(select(OrganisationRow).where(OrganisationRow.id == changed.id).with_for_update())).scalar_one_or_none()
    if row is None:
        raise NotFound
    if row.version != changed.version:
        raise VersionConflict
    if row.kind != changed.kind or row.entity_id != changed.entity_id:
        raise OrganisationNotCoherent("kind and entity id never change", field="kind")
    require_coherent(changed, parent=await _parent_kind(tx, changed.parent_id))
    organisation = changed.model_copy(update={"version": row.version + 1})
    today = day_in(await agency_zone(tx), now)
    before = is_there(row.valid_from, row.valid_until, today)
    for name, value in _columns(organisation).items():
        setattr(row, name, value)
    await _flush(tx)
    if is_there(row.valid_from, row.valid_until, today) != before:
        await end_what_came_of(tx, outbox, row, actor=actor, now=now)
    _tell(tx, outbox, organisation, "organisation-changed", actor, now)
    return organisation


async def find_organisation(tx: AsyncSession, organisation_id: UUID) -> Organisation:
    """The organisation. Raises NotFound."""
    row = await tx.get(OrganisationRow, organisation_id)
    if row is None:
        raise NotFound
    return row.organisation


async def add_peers(tx: AsyncSession, outbox: Outbox, members: Iterable[Member], *, own_entity_id: str, now: datetime) -> None:
    """Every other member of a trust list is an organisation of kind peer: known here by a local id, named as the list names it."""
    actor = Actor(kind="system", job="trust-list")
    rows = (await tx.execute(select(OrganisationRow).where(OrganisationRow.kind == "peer"))).scalars().all()
    known = {row.entity_id: row.organisation for row in rows}
    day = (now - timedelta(hours=12)).date()  # that it is somewhere still: a peer is there at once, wherever the agency is
    for member in members:
        held = known.get(member.entity_id)
        if member.entity_id == own_entity_id:
            continue
        if held is None:
            new = NewOrganisation(kind="peer", name=member.organisation, entity_id=member.entity_id, valid_from=day)
            await add_organisation(tx, outbox, new, actor=actor, now=now)
        elif held.name != member.organisation:
            renamed = held.model_copy(update={"name": member.organisation})
            await change_organisation(tx, outbox, renamed, actor=actor, now=now)


def _tell(tx: AsyncSession, outbox: Outbox, organisation: Organisation, operation: str, actor: Actor, now: datetime) -> None:
    """INVARIANT: whoever scopes by the tree learns of a change in the order in which changes were made."""
    projection = OrganisationProjection(version=organisation.version, organisation=organisation)
    for sibling in PROJECTED_TO:
        path = f"/internal/organisations/{organisation.id}"
        outbox.tell(tx, sibling, "PUT", path, projection, lane=f"organisations:{sibling}")
    context = Context(operation=operation, outcome="done", about=f"organisation:{organisation.id}")
    outbox.record(tx, Event(class_="administration", key=f"organisation:{uuid7(now)}", actor=actor, context=context))


async def _parent_kind(tx: AsyncSession, parent_id: UUID | None) -> OrganisationKind | None:
    if parent_id is None:
        return None
    parent = await tx.get(OrganisationRow, parent_id)
    if parent is None:
        raise OrganisationNotCoherent("there is no such parent", field="parent_id")
    return parent.organisation.kind


async def _flush(tx: AsyncSession) -> None:
    """INVARIANT: unique indexes decide: one state agency, one organisation per NCES id and per entity id."""
    try:
        await tx.flush()
    except IntegrityError as error:
        raise OrganisationTaken from error


def _columns(organisation: Organisation) -> dict[str, object]:
    names = {"kind", "parent_id", "nces_id", "state_id", "entity_id", "valid_from", "valid_until", "version"}
    return {**organisation.model_dump(include=names), "whole": organisation.model_dump_json()}
