"""The tree of organisations as gateway projects it to the others, and what a caller's organisation reaches in it (decisions 8).

# INVARIANT: rows of an organisation are read through `within`; tests/house/test_tenancy.py looks for what is not.
"""

from collections.abc import Callable, Collection, Sequence
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import BindParameter, ColumnElement, Select, String, Text, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, aliased, mapped_column

from safepassage.wire_organisations import Organisation
from shared.contracts.organisations import OrganisationProjection


class OrganisationColumns:
    """A service's OrganisationRow has these columns: the tree for queries, and the whole organisation as it was projected."""

    __tablename__ = "organisation"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    parent_id: Mapped[UUID | None] = mapped_column(index=True)
    nces_id: Mapped[str | None] = mapped_column(String(12), index=True)
    state_id: Mapped[str | None] = mapped_column(String(64), index=True)
    entity_id: Mapped[str | None] = mapped_column(String(200), index=True)
    valid_from: Mapped[date]
    valid_until: Mapped[date | None]
    version: Mapped[int]
    whole: Mapped[str] = mapped_column(Text)
    """The Organisation as JSON."""

    @property
    def organisation(self) -> Organisation:
        """The organisation as it was projected."""
        return Organisation.model_validate_json(self.whole)


def within(row: type[Any], organisation_id: UUID | BindParameter[UUID]) -> Select[tuple[UUID]]:
    """Ids of the organisation and of all below it, for `Column.in_(...)`."""
    below = select(row.id).where(row.id == organisation_id).cte("below", recursive=True)
    below = below.union(select(row.id).where(row.parent_id == below.c.id))
    return select(below.c.id)


LEVELS: Final = 3
"""Of the tree: state agency, district, school. A test compares it with what the gateway registers."""


def belongs_to(column: Any, row: type[Any], organisation_id: UUID | BindParameter[UUID] | None) -> ColumnElement[bool]:
    """Whether `column` names the organisation or one below it, for rows that are found by an id: looked for from the row upwards.

    INVARIANT: of what is another's no more is done than a look at each level. `within` is all that the caller has, and a store goes through
    it once there is a row and not where there is none: a millisecond for a district of a thousand schools, which tells that there is one.
    """
    asked = organisation_id if isinstance(organisation_id, BindParameter) else literal(organisation_id, row.id.type)
    return _upwards(column, row, lambda levels: asked.in_(levels))


def belongs_to_any(column: Any, row: type[Any], organisation_ids: Collection[UUID]) -> ColumnElement[bool]:
    """As `belongs_to`, of several organisations."""
    return _upwards(column, row, lambda levels: or_(*(level.in_(organisation_ids) for level in levels)))


def _upwards(column: Any, row: type[Any], is_asked: Callable[[Sequence[Any]], ColumnElement[bool]]) -> ColumnElement[bool]:
    own, above, top = aliased(row), aliased(row), aliased(row)
    upwards = select(own.id).outerjoin_from(own, above, above.id == own.parent_id).outerjoin(top, top.id == above.parent_id)
    return upwards.where(own.id == column, is_asked([own.id, above.id, top.id])).exists()


def within_any(row: type[Any], organisation_ids: Collection[UUID]) -> Select[tuple[UUID]]:
    """Ids of several organisations and of all below them."""
    below = select(row.id).where(row.id.in_(organisation_ids)).cte("below_any", recursive=True)
    below = below.union(select(row.id).where(row.parent_id == below.c.id))
    return select(below.c.id)


def above(row: type[Any], organisation_id: UUID) -> Select[tuple[UUID]]:
    """Ids of the organisation and of all above it."""
    up = select(row.id, row.parent_id).where(row.id == organisation_id).cte("up", recursive=True)
    up = up.union(select(row.id, row.parent_id).where(row.id == up.c.parent_id))
    return select(up.c.id)


async def project(tx: AsyncSession, row: type[Any], projection: OrganisationProjection) -> bool:
    """Store an organisation as gateway has it; an older version than the one held changes nothing. Gives whether it was stored."""
    organisation = projection.organisation
    held = (await tx.execute(select(row).where(row.id == organisation.id).with_for_update())).scalar_one_or_none()
    if held is not None and held.version >= projection.version:
        return False
    values = organisation.model_dump(include={"kind", "parent_id", "nces_id", "state_id", "entity_id", "valid_from", "valid_until"})
    values |= {"version": projection.version, "whole": organisation.model_dump_json()}
    if held is None:
        tx.add(row(id=organisation.id, **values))
    else:
        for name, value in values.items():
            setattr(held, name, value)
    return True
