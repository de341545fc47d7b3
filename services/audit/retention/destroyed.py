"""What is told where something was destroyed: that it was, when, and by which destruction."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from safepassage.wire_retention import DestroyedYear
from services.audit.openings import Place, Sight
from services.audit.tables import DestroyedKeyRow, DestroyedPartRow, DestructionRow

PLACES_OF_A_QUERY = 500


async def destroyed_years(tx: AsyncSession, tags: Sequence[bytes], sight: Sight) -> tuple[DestroyedYear, ...]:
    """The school years of the student with these tags that were destroyed, newest first; to those who could have seen what was there."""
    query = select(DestroyedKeyRow).where(DestroyedKeyRow.key_id.in_(tags)).order_by(DestroyedKeyRow.epoch.desc())
    if not sight.whole_state:
        query = query.where(DestroyedKeyRow.custodian_id.in_(sight.organisations))
    return tuple(
        DestroyedYear(school_year=row.epoch, destroyed_at=row.destroyed_at, destruction_id=row.destruction_id)
        for row in await tx.scalars(query)
    )


async def destructions_at(tx: AsyncSession, places: Sequence[Place]) -> dict[Place, DestructionRow]:
    """Which destruction took who did what, and why, of these entries."""
    found: dict[Place, DestructionRow] = {}
    for year in {place.log for place in places}:
        indices = [place.at for place in places if place.log == year]
        for start in range(0, len(indices), PLACES_OF_A_QUERY):
            query = select(DestroyedPartRow.idx, DestructionRow).join(DestructionRow, DestructionRow.id == DestroyedPartRow.destruction_id)
            query = query.where(
                DestroyedPartRow.log == year,
                DestroyedPartRow.part == 0,
                DestroyedPartRow.idx.in_(indices[start : start + PLACES_OF_A_QUERY]),
            )
            found |= {Place(year, idx): row for idx, row in await tx.execute(query)}
    return found
