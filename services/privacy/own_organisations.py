"""A caller's organisation and all below it, asked for in the snapshot of something else (decisions 8)."""

from uuid import UUID

from sqlalchemy import Connection, Uuid, bindparam

from services.privacy.tables import OrganisationRow
from shared import prepared
from shared.tenancy import within

OWN_ORGANISATIONS = within(OrganisationRow, bindparam("organisation_id", type_=Uuid()))
"""For a prepared statement, with the parameter `organisation_id`."""


def own_organisations(connection: Connection, organisation_id: UUID) -> frozenset[UUID]:
    """Their ids, of those that are on record."""
    return frozenset(row.id for row in prepared.rows(connection, OWN_ORGANISATIONS, {"organisation_id": organisation_id}))
