"""Which organisations an administrator reaches: the state agency's all, any other its own and those below."""

from uuid import UUID

from sqlalchemy import ColumnElement, select, true
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from safepassage.problems.requests import NotFound
from services.gateway.tables import OrganisationRow
from shared.internal_token import CallerClaims
from shared.tenancy import belongs_to, within


def reached(column: InstrumentedAttribute[UUID], caller: CallerClaims, *, named: bool = False) -> ColumnElement[bool]:
    """The condition that `column` names an organisation that the caller reaches. `named`: of what is found by an id (belongs_to)."""
    if caller.organisation_kind == "sea":
        return true()
    if named:
        return belongs_to(column, OrganisationRow, caller.organisation_id)
    return column.in_(within(OrganisationRow, caller.organisation_id))


async def require_reach(tx: AsyncSession, organisation_id: UUID, caller: CallerClaims) -> None:
    """Raises NotFound for an organisation out of reach, the same as for one that is not there."""
    query = select(OrganisationRow.id).where(OrganisationRow.id == organisation_id, reached(OrganisationRow.id, caller, named=True))
    if (await tx.execute(query)).scalar_one_or_none() is None:
        raise NotFound
