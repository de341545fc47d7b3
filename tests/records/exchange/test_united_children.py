"""A child whom a node has twice, and of whom it is known that both records are one child's: asked about, and sent to, without a person."""

from uuid import UUID

import pytest
from sqlalchemy import select

from node.demo.seats import RECEIVING_DISTRICT
from node.synthetic import SyntheticStudent
from safepassage.record.loads import MatchResolution
from services.records.tables import MatchReviewRow, SectionRow, UnionRow
from services.records.unions import unite
from tests.records.exchange.test_answers import namesake
from tests.records.exchange.two_states import State, TwoStates

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


async def both_at_birch(states: TwoStates, child: SyntheticStudent) -> tuple[UUID, UUID]:
    """The child has two records where it arrives; the first is the one that is to lead."""
    district = states.birch.organisation(RECEIVING_DISTRICT)
    other, leading = [await states.birch.load(child, district=district, school=district) for _ in range(2)]
    assert leading != other
    return leading, other


async def united(states: TwoStates, leading: UUID, other: UUID) -> None:
    await states.birch.exchange.database.write(
        lambda connection: unite(connection, leading_id=leading, other_id=other, by="job:match", now=states.clock())
    )


async def sealed_of(state: State, student_id: UUID) -> list[tuple[str, str | None, bytes]]:
    """Every part of a student's record, as it is stored."""
    return sorted((row.section, row.source, row.sealed) for row in await state.rows(SectionRow) if row.student_id == student_id)


@pytest.mark.requirement("MATCH-united")
async def test_what_arrives_for_a_child_of_two_united_records_goes_to_the_leading_one_without_a_person(states: TwoStates) -> None:
    child = states.child()
    leading, other = await both_at_birch(states, child)
    await united(states, leading, other)
    before = await sealed_of(states.birch, other)
    case = await states.queued(child)
    await case.finish()
    assert ((await case.told()).state, (await case.told()).student_id) == ("applied", leading)
    assert await states.birch.rows(MatchReviewRow) == []
    assert await sealed_of(states.birch, other) == before, "the other record stays as it was"
    assert await sealed_of(states.birch, leading) != before


@pytest.mark.requirement("MATCH-united")
async def test_what_arrives_for_two_records_that_are_not_united_or_no_more_waits_for_a_person(
    states: TwoStates,
) -> None:
    child = states.child()
    leading, other = await both_at_birch(states, child)
    case = await states.queued(child)
    await case.finish()
    assert [(row.state, row.student_id) for row in await case.received()] == [("matching", None)]
    await united(states, leading, other)
    async with states.birch.exchange.database.transaction() as tx:
        [union] = (await tx.execute(select(UnionRow).where(UnionRow.leading_id == leading))).scalars().all()
        union.separated_at = states.clock()
    again = await states.ask(child.selector)
    await again.deliver_request()
    await again.answer()
    await again.finish()
    assert [(row.state, row.student_id) for row in await again.received()] == [("matching", None)]


@pytest.mark.requirement("MATCH-united")
async def test_what_arrives_with_another_number_than_either_of_them_waits_for_a_person(
    states: TwoStates,
) -> None:
    child = states.child()
    leading, other = await both_at_birch(states, namesake(child))
    await united(states, leading, other)
    case = await states.queued(child)
    await case.finish()
    assert [(row.state, row.student_id) for row in await case.received()] == [("matching", None)]
    [review] = [row for row in await states.birch.rows(MatchReviewRow) if row.request_id == (await case.received())[0].match_id]
    async with states.birch.client("state-agency") as client:
        await client.resolve_match(review.id, MatchResolution(student_id=leading))
    await case.finish()
    assert (await case.told()).student_id == leading
