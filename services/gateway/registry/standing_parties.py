"""Whether a party is suspended: asked wherever a client would be let in."""

from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.problems.access import PartySuspended
from services.gateway.tables import SuspensionRow


def standing(organisation_id: UUID) -> Select[SuspensionRow]:
    """The suspension of a party that stands."""
    return select(SuspensionRow).where(SuspensionRow.organisation_id == organisation_id, SuspensionRow.lifted_at.is_(None))


async def require_not_suspended(tx: AsyncSession, organisation_id: UUID) -> None:
    """Raises PartySuspended."""
    if (await tx.scalars(standing(organisation_id))).first() is not None:
        raise PartySuspended
