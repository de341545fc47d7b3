"""What organisations are called, by the gateway's own register."""

from collections.abc import Collection, Mapping
from uuid import UUID

from fastapi import Request
from sqlalchemy import select

from services.gateway.tables import OrganisationRow
from shared.database import Database


async def names_of(request: Request, organisation_ids: Collection[UUID]) -> Mapping[UUID, str]:
    """The names of those that the register has, by their ids. Whoever asks has learned the ids from what they may see."""
    database: Database = request.app.state.database
    async with database.reading() as tx:
        rows = (await tx.scalars(select(OrganisationRow).where(OrganisationRow.id.in_(set(organisation_ids))))).all()
    return {row.id: row.organisation.name for row in rows}


def named(names: Mapping[UUID, str], organisation_id: UUID) -> str:
    """Its name; its id where the register has none."""
    return names.get(organisation_id, str(organisation_id))
