"""A child who moved, whom the new school's roster brought before the record came: one child of two states' numbers."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from node.demo.seats import RECEIVING_DISTRICT
from node.synthetic import BIRCH, SyntheticStudent, organisations
from services.records.tables import MatchReviewRow
from services.records.unions import unite
from tests.records.exchange.test_answers import namesake, resolved
from tests.records.exchange.two_states import Case, TwoStates

pytestmark = [pytest.mark.anyio]


async def enrolled(states: TwoStates, child: SyntheticStudent, *, since: date | None = None, at: UUID | None = None) -> UUID:
    """The child as Birch's roster has it, with another number; at the district that asks, unless another is given."""
    district = at or states.birch.organisation(RECEIVING_DISTRICT)
    return await states.birch.load(namesake(child), district=district, school=district, since=since or states.clock().date())


async def arrived(states: TwoStates, child: SyntheticStudent, **about: Any) -> Case:
    case = await states.queued(child, **about)
    await case.finish()
    return case


async def waits(case: Case) -> bool:
    """For a person."""
    return [(row.state, row.student_id) for row in await case.received()] == [("matching", None)]


@pytest.mark.requirement("MATCH-enrolled")
async def test_a_record_is_filed_with_the_child_who_is_enrolled_at_that_school_since_that_day(states: TwoStates) -> None:
    child = states.child()
    assert child.selector.state_student_id is not None
    held = await enrolled(states, child)
    before = len(await states.birch.rows(MatchReviewRow))
    told = await (await arrived(states, child)).told()
    assert (told.state, told.student_id) == ("applied", held)
    assert len(await states.birch.rows(MatchReviewRow)) == before


@pytest.mark.requirement("MATCH-enrolled")
async def test_also_where_the_roster_has_the_child_twice_and_both_were_united(states: TwoStates) -> None:
    child = states.child()
    leading, other = [await enrolled(states, child) for _ in range(2)]
    await states.birch.exchange.database.write(
        lambda connection: unite(connection, leading_id=leading, other_id=other, by="job:match", now=states.clock())
    )
    assert (await (await arrived(states, child)).told()).student_id == leading


@pytest.mark.requirement("MATCH-enrolled")
async def test_a_person_is_asked_where_the_roster_has_another_day_and_where_it_has_two(states: TwoStates) -> None:
    child, twice = states.child(), states.child()
    await enrolled(states, child, since=states.clock().date() - timedelta(days=1))
    assert await waits(await arrived(states, child))
    for _ in range(2):
        await enrolled(states, twice)
    assert await waits(await arrived(states, twice))


@pytest.mark.requirement("MATCH-enrolled")
async def test_a_person_is_asked_where_the_roster_has_the_child_in_another_district(states: TwoStates) -> None:
    child, asking = states.child(), states.birch.organisation(RECEIVING_DISTRICT)
    districts = [states.birch.organisation(one.key) for one in organisations(BIRCH) if one.kind == "lea"]
    await enrolled(states, child, at=next(one for one in districts if one != asking))
    assert await waits(await arrived(states, child))


@pytest.mark.requirement("MATCH-enrolled")
async def test_a_person_is_asked_where_the_child_only_sought_to_enrol(states: TwoStates) -> None:
    child = states.child()
    await enrolled(states, child)
    evidence = states.new_request(child.selector).evidence.model_copy(update={"kind": "seeks"})
    assert await waits(await arrived(states, child, evidence=evidence))


@pytest.mark.requirement("MATCH-enrolled")
async def test_a_person_is_asked_where_somebody_else_has_the_number(states: TwoStates) -> None:
    child, other = states.child(), states.child()
    await enrolled(states, child)
    numbered = other.load.record.identity
    assert numbered is not None
    assert child.load.record.identity is not None
    borrowed = numbered.model_copy(update={"identifiers": child.load.record.identity.identifiers})
    record = other.load.record.model_copy(update={"identity": borrowed})
    district = states.birch.organisation(RECEIVING_DISTRICT)
    await states.birch.load(_with(other, record), district=district, school=district)
    assert await waits(await arrived(states, child))


def sibling(child: SyntheticStudent) -> SyntheticStudent:
    """Born on the same day, of the same surname."""
    identity = child.load.record.identity
    assert identity is not None
    assert identity.name is not None
    name = identity.name.model_copy(update={"first": "Quillon", "middle": None})
    return _with(child, child.load.record.model_copy(update={"identity": identity.model_copy(update={"name": name})}))


def _with(student: SyntheticStudent, record: Any) -> SyntheticStudent:
    return replace(student, load=student.load.model_copy(update={"record": record}))


@pytest.mark.requirement("MATCH-enrolled")
async def test_a_person_is_asked_where_a_twin_is_in_sight(states: TwoStates) -> None:
    child = states.child()
    await enrolled(states, child)
    await enrolled(states, sibling(child))
    assert await waits(await arrived(states, child))


@pytest.mark.requirement("MATCH-enrolled")
async def test_a_person_is_asked_where_another_record_came_for_who_is_enrolled(states: TwoStates) -> None:
    child = states.child()
    held = await enrolled(states, child)
    assert (await (await arrived(states, child)).told()).student_id == held
    elsewhere = namesake(child)
    asked = child.selector.model_copy(update={"state_student_id": "9990002"})
    other = _with(elsewhere, _numbered(elsewhere.load.record, "9990002"))
    at_alder = await states.alder.load(other)
    case = await states.ask(asked)
    await case.deliver_request()
    await case.answer()
    await resolved(states, case, at_alder)
    await case.answer()
    await case.finish()
    assert [(row.kind, row.state) for row in await case.received()][-1] == ("package", "matching")


def _numbered(record: Any, number: str) -> Any:
    identifiers = tuple(one.model_copy(update={"value": number}) for one in record.identity.identifiers)
    return record.model_copy(update={"identity": record.identity.model_copy(update={"identifiers": identifiers})})
