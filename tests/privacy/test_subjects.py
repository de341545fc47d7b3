"""Facts come from records alone, in order; their versions only grow."""

import asyncio
from uuid import uuid4

import pytest
from sqlalchemy import select, update

from safepassage.problems.privacy import FactsConflict
from safepassage.problems.records import SealBroken
from services.privacy.subjects import open_facts
from services.privacy.tables import SubjectRow, SubjectVersionRow
from shared.contracts.privacy import SubjectFacts
from shared.contracts.subject_batches import SubjectBatch, SubjectsTaken
from tests.privacy.node import PrivacyNode, problem_of
from tests.privacy.world import World

pytestmark = pytest.mark.anyio


async def held(node: PrivacyNode, facts: SubjectFacts) -> SubjectFacts:
    async with node.app.state.database.reading() as tx:
        row = (await tx.execute(select(SubjectRow).where(SubjectRow.student_id == facts.student_id))).scalar_one()
    return open_facts(node.app.state.sealer, row)


async def test_newer_facts_replace_older_ones(world: World) -> None:
    first = await world.student()
    second = world.facts(student_id=first.student_id, version=2, flags=frozenset({"homeless"}))
    assert (await world.node.push(second)).status == 204
    assert await held(world.node, first) == second


async def test_older_facts_change_nothing(world: World) -> None:
    newer = await world.student(version=5)
    older = world.facts(student_id=newer.student_id, version=4, flags=frozenset({"homeless"}))
    assert (await world.node.push(older)).status == 204
    assert await held(world.node, newer) == newer


async def test_the_same_facts_again_are_taken(world: World) -> None:
    facts = await world.student(flags=frozenset({"homeless", "foster", "part-c"}))
    assert (await world.node.push(facts)).status == 204
    assert await held(world.node, facts) == facts


async def test_other_facts_under_the_same_version_are_refused(world: World) -> None:
    facts = await world.student()
    answer = await world.node.push(world.facts(student_id=facts.student_id, flags=frozenset({"homeless"})))
    assert (answer.status, problem_of(answer).code) == (409, FactsConflict.code)
    assert await held(world.node, facts) == facts


async def test_a_batch_is_taken_but_for_what_is_refused_in_it(world: World) -> None:
    """One call with every kind: each ends as it would have alone."""
    newer, held_already = await world.student(version=5), await world.student()
    new, conflicting = world.facts(), world.facts(student_id=held_already.student_id, flags=frozenset({"homeless"}))
    older = world.facts(student_id=newer.student_id, version=4, flags=frozenset({"homeless"}))
    later = world.facts(student_id=new.student_id, version=2, flags=frozenset({"foster"}))
    nowhere = world.facts(time_zone="Mars/Olympus")
    answer = await world.node.push_all(nowhere, new, conflicting, older, held_already, later)
    taken = SubjectsTaken.model_validate_json(answer.body)
    assert {(one.place, one.student_id, one.code) for one in taken.refused} == {
        (0, nowhere.student_id, "invalid-request"),
        (2, conflicting.student_id, FactsConflict.code),
    }
    assert await held(world.node, newer) == newer
    assert await held(world.node, held_already) == held_already
    assert await held(world.node, new) == later
    assert await world.node.count(SubjectRow) == 3


async def test_a_batch_that_came_before_changes_nothing(world: World) -> None:
    batch = [world.facts(flags=frozenset({"homeless", "foster"})) for _ in range(3)]
    for _ in range(2):
        assert SubjectsTaken.model_validate_json((await world.node.push_all(*batch)).body).refused == ()
    assert [await held(world.node, facts) for facts in batch] == batch


async def test_of_a_student_who_is_twice_in_a_batch_the_newer_facts_alone_were_ever_known(world: World) -> None:
    first = world.facts()
    second = world.facts(student_id=first.student_id, version=2, flags=frozenset({"foster"}))
    await world.node.push_all(first, second)
    assert await held(world.node, first) == second
    assert await world.node.count(SubjectVersionRow) == 1


async def test_batches_that_cross_end_with_the_newer_facts(world: World) -> None:
    """Two senders at once, in opposite orders: none waits for the other for ever, and no older facts are left."""
    first = [world.facts() for _ in range(20)]
    second = [world.facts(student_id=facts.student_id, version=2, flags=frozenset({"foster"})) for facts in first]
    answers = await asyncio.gather(world.node.push_all(*first), world.node.push_all(*reversed(second)))
    assert [answer.status for answer in answers] == [200, 200]
    assert [await held(world.node, facts) for facts in first] == second


async def test_no_client_writes_facts_in_batches(world: World) -> None:
    token = world.node.gateway.for_caller("privacy", world.node.client(world.sea, "rights:act").claims, world.node.clock())
    answer = await world.node.send("POST", "/internal/subjects", token, body=SubjectBatch(subjects=(world.facts(),)))
    assert answer.status == 403
    assert await world.node.count(SubjectRow) == 0


async def test_no_client_writes_facts(world: World) -> None:
    facts = world.facts()
    token = world.node.gateway.for_caller("privacy", world.node.client(world.sea, "rights:act").claims, world.node.clock())
    answer = await world.node.send("PUT", f"/internal/subjects/{facts.student_id}", token, body=facts)
    assert answer.status == 403
    assert await world.node.count(SubjectRow) == 0


async def test_path_and_body_name_the_same_student(world: World) -> None:
    token = world.node.records.for_job("privacy", "outbox", world.node.clock())
    answer = await world.node.send("PUT", f"/internal/subjects/{uuid4()}", token, body=world.facts())
    assert (answer.status, problem_of(answer).field) == (422, "student_id")


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../../etc/passwd", ""])
@pytest.mark.one_row_on_postgresql
async def test_a_time_zone_that_does_not_exist_is_refused(world: World, zone: str) -> None:
    answer = await world.node.push(world.facts(time_zone=zone))
    assert (answer.status, problem_of(answer).field) == (422, "time_zone")


async def test_an_unknown_member_is_refused_and_not_echoed(world: World) -> None:
    body = world.facts().model_dump(mode="json", by_alias=True) | {"ssn": "123-45-6789"}
    token = world.node.records.for_job("privacy", "outbox", world.node.clock())
    answer = await world.node.send("PUT", f"/internal/subjects/{body['student_id']}", token, body=body)
    assert answer.status == 422
    assert b"123-45" not in answer.body
    assert await world.node.count(SubjectRow) == 0


@pytest.mark.parametrize("column", ["custodian_id", "facts_version"])
async def test_a_row_whose_clear_columns_were_altered_does_not_open(world: World, column: str) -> None:
    facts = await world.student()
    altered = {"custodian_id": world.elm.id, "facts_version": 9}[column]
    async with world.node.app.state.database.transaction() as tx:
        await tx.execute(update(SubjectRow).values({column: altered}))
    with pytest.raises(SealBroken):
        await held(world.node, facts)


async def test_a_projected_organisation_is_not_replaced_by_an_older_one(world: World) -> None:
    newer = world.oak.model_copy(update={"version": 3, "name": "Oak Unified"})
    await world.node.project(newer)
    await world.node.project(world.oak.model_copy(update={"version": 2, "name": "Old Oak"}))
    client = world.node.client(newer, "rights:act")
    assert (await client.post("/v1/consents", world.new_consent(await world.student()))).status == 201
