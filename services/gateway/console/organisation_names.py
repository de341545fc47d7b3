"""What organisations are called, by the gateway's own register."""

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from uuid import UUID

from fastapi import Request
from sqlalchemy import select

from services.gateway.registry.in_force import is_there
from services.gateway.tables import OrganisationRow
from shared.database import Database


async def names_of(request: Request, organisation_ids: Collection[UUID]) -> Mapping[UUID, str]:
    """The names of those that the register has, by their ids. Whoever asks has learned the ids from what they may see."""
    database: Database = request.app.state.database
    async with database.reading() as tx:
        rows = (await tx.scalars(select(OrganisationRow).where(OrganisationRow.id.in_(set(organisation_ids))))).all()
    return {row.id: row.organisation.name for row in rows}


async def names_by_reference(request: Request, references: Iterable[object]) -> Mapping[str, str]:
    """What organisations of this node are called, by their ids as they are written; those behind a peer are known by their ids alone."""
    ids = set()
    for one in references:
        try:
            ids.add(UUID(str(one)))
        except ValueError:
            continue
    return {str(one): name for one, name in (await names_of(request, ids)).items()} if ids else {}


async def choosable(request: Request, kinds: Collection[str], today: date) -> list[tuple[str, str]]:
    """Id and name of the organisations of some kinds that exist on a day, by name: to choose one of them."""
    database: Database = request.app.state.database
    async with database.reading() as tx:
        rows = (await tx.scalars(select(OrganisationRow).where(OrganisationRow.kind.in_(kinds)))).all()
    there = [row for row in rows if is_there(row.valid_from, row.valid_until, today)]
    return sorted(((str(row.id), row.organisation.name) for row in there), key=lambda one: one[1].casefold())


def named(names: Mapping[UUID, str], organisation_id: UUID) -> str:
    """Its name; its id where the register has none."""
    return names.get(organisation_id, str(organisation_id))
