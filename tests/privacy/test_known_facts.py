"""What the node knew of a student at an instant is told to whoever kept the record then, and to nobody else."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import delete, text
from sqlalchemy.exc import DBAPIError

from safepassage.problems.records import NoSuchStudent
from safepassage.problems.requests import InvalidRequest
from safepassage.wire_facts import KnownFacts
from safepassage.wire_organisations import Organisation
from services.privacy.tables import SubjectRow, SubjectVersionRow
from shared.contracts.privacy import RightsHolder, SubjectFacts
from shared.in_process import Answer
from tests.privacy.node import problem_of
from tests.privacy.world import STAFF, World

pytestmark = pytest.mark.anyio


async def asked(world: World, facts: SubjectFacts, query: str = "", *, by: Organisation | None = None) -> Answer:
    return await world.node.client(by or world.oak, *STAFF).get(f"/v1/known-facts/{facts.student_id}", query)


async def known(world: World, facts: SubjectFacts, query: str = "", *, by: Organisation | None = None) -> KnownFacts:
    answer = await asked(world, facts, query, by=by)
    assert answer.status == 200, answer.body
    return KnownFacts.model_validate_json(answer.body)


def at(world: World, **ago: float) -> str:
    return f"known_at={(world.node.clock() - timedelta(**ago)).isoformat().replace('+', '%2B')}"


@pytest.mark.requirement("FACT-known")
async def test_what_was_known_at_an_instant_stays_readable_after_it_changed(world: World) -> None:
    """Custody changed on the second day: the facts of the first are those by which it was decided then, to the millisecond."""
    first = await world.student()
    began = world.node.clock()
    world.node.clock.advance(days=1)
    (mother,) = first.rights_holders
    ended = mother.model_copy(update={"ended_on": began.date(), "ended_by": "order 77"})
    father = RightsHolder(person_id=uuid4(), relation="father", **{"from": began.date()})
    second = world.facts(student_id=first.student_id, version=2, rights_holders=(ended, father), flags=frozenset({"homeless", "foster"}))
    assert (await world.node.push(second)).status == 204
    changed = world.node.clock()
    world.node.clock.advance(days=1)

    now = await known(world, first)
    assert (now.facts_version, now.known_from, now.known_until) == (2, changed, None)
    assert (now.rights_holders, now.flags) == ((ended, father), ("foster", "homeless"))
    then = await known(world, first, at(world, days=1, milliseconds=1))
    assert (then.facts_version, then.known_from, then.known_until) == (1, began, changed)
    assert (then.rights_holders, then.flags, then.birth_date) == ((mother,), (), first.birth_date)
    assert await known(world, first, at(world, days=1)) == now
    before = await asked(world, first, at(world, days=2, milliseconds=1))
    assert (before.status, problem_of(before).code) == (404, NoSuchStudent.code)


async def test_a_version_that_came_late_or_again_was_never_known(world: World) -> None:
    third = await world.student(version=3)
    world.node.clock.advance(hours=1)
    late = world.facts(student_id=third.student_id, version=2, flags=frozenset({"homeless"}))
    other = world.facts(student_id=third.student_id, version=3, flags=frozenset({"homeless"}))
    for facts in (late, third, other):
        await world.node.push(facts)
    await world.node.push_all(
        late, world.facts(student_id=third.student_id, version=5), world.facts(student_id=third.student_id, version=4)
    )
    assert await world.node.count(SubjectVersionRow) == 2
    assert (await known(world, third)).facts_version == 5
    assert (await known(world, third, at(world, hours=1))).flags == ()


async def test_who_kept_the_record_then_is_told_and_who_did_not_is_not(world: World) -> None:
    """The child moved from Oak to Elm: each sees its own time, the state agency both, and to anybody else there is no such child."""
    at_oak = await world.student()
    world.node.clock.advance(days=1)
    at_elm = world.facts(student_id=at_oak.student_id, version=2, district=world.elm)
    assert (await world.node.push(at_elm)).status == 204
    yesterday = at(world, hours=1)
    assert (await known(world, at_oak, yesterday)).custodian_id == world.oak.id
    assert (await known(world, at_oak, by=world.elm)).custodian_id == world.elm.id
    assert [(await known(world, at_oak, query, by=world.sea)).facts_version for query in (yesterday, "")] == [1, 2]
    strangers = [await asked(world, at_oak), await asked(world, at_oak, yesterday, by=world.elm), await asked(world, world.facts())]
    assert {(answer.status, problem_of(answer).code) for answer in strangers} == {(404, NoSuchStudent.code)}


async def test_whoever_reads_it_is_on_record_and_an_instant_has_its_offset(world: World) -> None:
    facts = await world.student()
    await known(world, facts)
    (event,) = [event for event in await world.node.events() if event.context.operation == "known-facts-read"]
    assert (event.class_, event.subjects, event.actor.client_id, event.context.about) == ("rights", (facts.student_id,), "sis", "facts:1")
    refused = await asked(world, facts, "known_at=2026-10-20T12:00:00")
    assert (refused.status, problem_of(refused).code) == (InvalidRequest.status, InvalidRequest.code)


async def test_a_version_is_not_altered_and_goes_with_its_student(world: World) -> None:
    facts, other = await world.student(), await world.student()
    database = world.node.app.state.database
    with pytest.raises(DBAPIError, match="append-only"):
        async with database.transaction() as tx:
            await tx.execute(text("UPDATE subject_version SET facts_version = 9"))
    async with database.transaction() as tx:
        await tx.execute(delete(SubjectRow).where(SubjectRow.student_id == facts.student_id))
    assert (await asked(world, facts)).status == 404
    assert await world.node.count(SubjectVersionRow) == 1
    assert (await known(world, other)).facts_version == 1
