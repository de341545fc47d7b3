"""Of several children, each with two records, those of one are never taken for another's; and a pair is united once."""

from functools import partial
from uuid import UUID

import pytest

from services.records.tables import UnionRow
from services.records.unions import unite
from tests.records.conftest import NOON
from tests.records.one_state import OneState
from tests.records.test_facts_anew import STRANGER
from tests.records.test_unions import LOCAL, ORDINARY, another_record, read, run

pytestmark = pytest.mark.anyio


async def test_each_of_two_children_has_their_own_other_record(alder: OneState) -> None:
    district = alder.district()
    pairs: list[tuple[UUID, UUID]] = []
    for child in (ORDINARY, STRANGER):
        local = [LOCAL[0] | {"value": f"7777{len(pairs)}"}]
        loaded = [(await district.load(one)).id for one in (child.load, another_record(child.load, identifiers=local))]
        pairs.append((loaded[0], loaded[1]))
    assert (await run(alder)).united == 2
    for first, second in pairs:
        for one, other in ((first, second), (second, first)):
            assert [same.student_id for same in (await read(district, one)).same_as] == [other]


async def test_who_is_united_already_stays_so_by_the_same_union(alder: OneState) -> None:
    district = alder.district()
    first = (await district.load(ORDINARY.load)).id
    second = (await district.load(another_record(ORDINARY.load, identifiers=LOCAL))).id
    third = (await district.load(STRANGER.load)).id
    database = alder.records.state.database

    async def united(one: UUID, other: UUID) -> UUID:
        return await database.write(partial(unite, leading_id=one, other_id=other, by="job:match", now=NOON))

    made = await united(first, second)
    assert {await united(first, second), await united(second, first)} == {made}
    assert await united(first, third) != made
    assert len(await alder.rows(UnionRow)) == 2
