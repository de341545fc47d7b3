"""A child whom a node has twice, and of whom it is known that both records are one child's, is answered about without a person."""

import pytest

from services.records.tables import MatchReviewRow, UnionRow
from services.records.unions import unite
from tests.records.exchange.two_states import TwoStates

pytestmark = pytest.mark.anyio


@pytest.mark.requirement("MATCH-united")
async def test_the_leading_record_of_a_child_whose_records_were_united_goes_without_a_person(states: TwoStates) -> None:
    child = states.child()
    ids = [await states.alder.load(child) for _ in range(2)]
    assert len(set(ids)) == 2
    before = await states.ask(child.selector)
    await before.deliver_request()
    await before.answer()
    assert [row.kind for row in await before.envelopes()] == ["not-provided"]
    asked = await states.alder.rows(MatchReviewRow)
    database = states.alder.exchange.database
    union = await database.write(
        lambda connection: unite(connection, leading_id=ids[1], other_id=ids[0], by="job:match", now=states.clock())
    )
    after = await states.ask(child.selector)
    await after.deliver_request()
    await after.answer()
    assert [row.kind for row in await after.envelopes()] == ["package"]
    assert (await after.request()).student_id == ids[1]
    assert len(await states.alder.rows(MatchReviewRow)) == len(asked)
    async with database.transaction() as tx:
        (await tx.get_one(UnionRow, union)).separated_at = states.clock()
    separated = await states.ask(child.selector)
    await separated.deliver_request()
    await separated.answer()
    assert [row.kind for row in await separated.envelopes()] == ["not-provided"]
