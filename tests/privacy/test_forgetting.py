"""Of a student whose record was destroyed nothing is known any more, whatever is told late."""

from uuid import uuid4

import pytest
from sqlalchemy import select, update

from safepassage.problems.privacy import RightsNotHeld
from services.privacy.tables import ConsentRow, SubjectRow, SubjectVersionRow
from shared.contracts.privacy import SubjectFacts
from shared.contracts.subject_batches import DestroyedSubject, DestroyedSubjects
from tests.privacy.node import problem_of
from tests.privacy.test_opt_outs import rescind, said
from tests.privacy.world import STAFF, World

pytestmark = pytest.mark.anyio


async def destroyed(world: World, *several: SubjectFacts, part_stays: bool = False) -> None:
    body = DestroyedSubjects(
        students=tuple(
            DestroyedSubject(
                student_id=one.student_id, custodian_id=one.custodian_id, facts_version=one.facts_version + 1, part_stays=part_stays
            )
            for one in several
        )
    )
    token = world.node.records.for_job("privacy", "outbox", world.node.clock())
    answer = await world.node.send("POST", "/internal/subjects/destroyed", token, body=body)
    assert answer.status == 204, answer.body


async def seals(world: World, facts: SubjectFacts) -> list[bytes | None]:
    """What is stored of a student, every version of it."""
    async with world.node.app.state.database.reading() as tx:
        held = select(SubjectRow.sealed, SubjectRow.sealed_statements).where(SubjectRow.student_id == facts.student_id)
        versions = select(SubjectVersionRow.sealed).where(SubjectVersionRow.student_id == facts.student_id)
        return [*(await tx.execute(held)).one(), *(await tx.scalars(versions))]


@pytest.mark.requirement("KEYS-forgotten")
async def test_nothing_is_left_of_what_was_known_of_the_student(world: World) -> None:
    gone, other = await world.student(), await world.student()
    consent = await world.consent(gone)
    asked = world.by_consent(gone, consent)
    assert (await world.node.ask(asked)).status == 200
    await destroyed(world, gone)
    assert await seals(world, gone) == [b"", None]
    assert len(await seals(world, other)) == 3
    assert (await world.node.ask(asked)).status == 409  # as of a student whom privacy was never told of
    assert (await world.node.client(world.oak, *STAFF).get(f"/v1/known-facts/{gone.student_id}")).status == 404
    assert (await world.node.client(world.oak, *STAFF).post("/v1/consents", world.new_consent(gone))).status == 404
    assert await world.node.count(ConsentRow) == 1  # what a person said is kept by itself


async def test_what_is_told_late_does_not_bring_it_back(world: World) -> None:
    facts = await world.student(version=3)
    await destroyed(world, facts)
    assert (await world.node.push(world.facts(student_id=facts.student_id, version=3))).status == 204
    assert (await world.node.push_all(world.facts(student_id=facts.student_id, version=2), world.facts())).status == 200
    assert await seals(world, facts) == [b"", None]


@pytest.mark.parametrize("first", ["destroyed", "facts"])
async def test_of_whom_a_part_stays_the_facts_of_that_part_are_known_and_no_version_before_them(world: World, first: str) -> None:
    facts = await world.student(version=3)
    async with world.node.app.state.database.transaction() as tx:
        await tx.execute(update(SubjectRow).where(SubjectRow.student_id == facts.student_id).values(sealed_statements=b"as placed"))
    stays = world.facts(student_id=facts.student_id, version=5)
    if first == "destroyed":
        await destroyed(world, facts, part_stays=True)
        assert (await world.node.push(world.facts(student_id=facts.student_id, version=3))).status == 204  # late
    assert (await world.node.push(stays)).status == 204
    if first == "facts":
        await destroyed(world, facts, part_stays=True)
    assert (await world.node.push(world.facts(student_id=facts.student_id, version=3))).status == 204  # late
    held, statements, *versions = await seals(world, facts)
    assert held
    assert statements == b"as placed"
    assert versions == [held]


async def test_told_again_or_of_one_who_was_never_known_it_changes_nothing(world: World) -> None:
    known, never = await world.student(), world.facts()
    for _ in range(2):
        await destroyed(world, known, never)
    assert await seals(world, known) == await seals(world, never) == [b"", None]
    assert (await world.node.push(never)).status == 204
    assert await seals(world, never) == [b"", None]


async def test_an_opt_out_stays_and_is_taken_back_by_nobody(world: World) -> None:
    facts = await world.student()
    preference = await said(world, facts)
    await destroyed(world, facts)
    answer = await rescind(world, preference, world.parents[facts.student_id])
    assert (answer.status, problem_of(answer).code) == (RightsNotHeld.status, RightsNotHeld.code)


async def test_no_client_has_a_student_forgotten(world: World) -> None:
    facts = await world.student()
    token = world.node.gateway.for_caller("privacy", world.node.client(world.sea, "rights:act").claims, world.node.clock())
    body = DestroyedSubjects(students=(DestroyedSubject(student_id=facts.student_id, custodian_id=uuid4(), facts_version=9),))
    assert (await world.node.send("POST", "/internal/subjects/destroyed", token, body=body)).status == 403
    assert len(await seals(world, facts)) == 3
