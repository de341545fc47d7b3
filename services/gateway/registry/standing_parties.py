"""Whether a party is suspended: asked wherever a client would be let in, and where one is put out for good."""

from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.problems.access import PartySuspended
from services.gateway.tables import ClientRow, OrganisationRow, SuspensionRow


def standing(organisation_id: UUID) -> Select[SuspensionRow]:
    """The suspension of a party that stands."""
    return select(SuspensionRow).where(SuspensionRow.organisation_id == organisation_id, SuspensionRow.lifted_at.is_(None))


async def require_not_suspended(tx: AsyncSession, organisation_id: UUID) -> None:
    """Raises PartySuspended."""
    if (await tx.scalars(standing(organisation_id))).first() is not None:
        raise PartySuspended


async def lock_party_of(tx: AsyncSession, client_id: UUID) -> None:
    """Nobody suspends it or lifts that until the transaction is over. Before its client is locked, as by who suspends it."""
    party = select(ClientRow.organisation_id).where(ClientRow.id == client_id).scalar_subquery()
    await tx.execute(select(OrganisationRow.id).where(OrganisationRow.id == party).with_for_update(read=True))


async def keep_out(tx: AsyncSession, client: ClientRow) -> bool:
    """Who is disabled while its party is suspended is not let in again when that is lifted. Whether it would have been.

    client  locked, and its party
    """
    row = (await tx.scalars(standing(client.organisation_id).with_for_update())).one_or_none()
    put_out = [] if row is None else row.client_ids.split()
    if row is None or str(client.id) not in put_out:
        return False
    row.client_ids = " ".join(one for one in put_out if one != str(client.id))
    return True
