"""An organisation and all below it, looked for from above and from below: the same, but for what it costs."""

from datetime import date
from typing import Final
from uuid import UUID

import pytest
from sqlalchemy import bindparam, select

from services.gateway.registry.organisations import PARENTS
from shared import prepared
from shared.database import Database
from shared.tenancy import LEVELS, belongs_to, belongs_to_any, within, within_any
from tests.shared.tables import OrganisationRow

pytestmark = pytest.mark.anyio

SEA, LEA, OTHER_LEA, SCHOOL, OTHER_SCHOOL, VENDOR, NOBODY, NOT_PROJECTED, ORPHAN = (UUID(int=number) for number in range(1, 10))
TREE: Final = {
    SEA: ("sea", None),
    LEA: ("lea", SEA),
    OTHER_LEA: ("lea", SEA),
    SCHOOL: ("school", LEA),
    OTHER_SCHOOL: ("school", OTHER_LEA),
    VENDOR: ("vendor", None),
    ORPHAN: ("school", NOT_PROJECTED),
}
"""One of them came before its parent."""


@pytest.fixture
async def tree(empty_database: Database) -> Database:
    async with empty_database.transaction() as tx:
        for identifier, (kind, parent_id) in TREE.items():
            about = {"kind": kind, "parent_id": parent_id, "valid_from": date(2020, 1, 1), "version": 1, "whole": "{}"}
            tx.add(OrganisationRow(id=identifier, **about))
    return empty_database


@pytest.mark.requirement("BAD-foreign")
@pytest.mark.parametrize("root", [*TREE, NOBODY, NOT_PROJECTED, None])
async def test_who_belongs_to_an_organisation_is_who_is_within_it(tree: Database, root: UUID | None) -> None:
    async with tree.reading() as tx:
        from_above = set(await tx.scalars(within(OrganisationRow, root))) if root is not None else set()
        query = select(OrganisationRow.id).where(belongs_to(OrganisationRow.id, OrganisationRow, root))
        assert set(await tx.scalars(query)) == from_above
        assert len(from_above) == {SEA: 5, LEA: 2, OTHER_LEA: 2, NOBODY: 0, NOT_PROJECTED: 0, None: 0}.get(root, 1)
    asked = select(OrganisationRow.id).where(
        belongs_to(OrganisationRow.id, OrganisationRow, bindparam("root", type_=OrganisationRow.id.type))
    )
    found = await tree.read(lambda connection: prepared.rows(connection, asked, {"root": root}))
    assert {one.id for one in found} == from_above


@pytest.mark.parametrize("roots", [(LEA, OTHER_LEA), (SCHOOL, VENDOR), (NOBODY,), ()])
async def test_who_belongs_to_any_of_several_is_who_is_within_any(tree: Database, roots: tuple[UUID, ...]) -> None:
    async with tree.reading() as tx:
        query = select(OrganisationRow.id).where(belongs_to_any(OrganisationRow.id, OrganisationRow, roots))
        assert set(await tx.scalars(query)) == set(await tx.scalars(within_any(OrganisationRow, roots)))


def test_it_is_looked_for_as_far_up_as_the_tree_goes() -> None:
    def levels(kind: str) -> int:
        above = {str(one): str(parent) for one, parent in PARENTS.items()}.get(kind)
        return 1 if above is None else 1 + levels(above)

    assert max(map(levels, PARENTS)) == LEVELS == str(belongs_to(OrganisationRow.id, OrganisationRow, SEA)).count("organisation AS")
