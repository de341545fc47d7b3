"""What records is answered as it destroys: a clearance goes with one student, and counts no more once somebody asks to inspect."""

from uuid import UUID, uuid4

import pytest

from safepassage.wire_duties import Destruction
from shared.contracts.destructions import AwaitedStudents, ToDestroy
from shared.in_process import Answer
from tests.privacy.node import problem_of
from tests.privacy.rights import Staff, parent_of
from tests.privacy.test_destructions import clear
from tests.privacy.test_opt_outs import said
from tests.privacy.world import World

pytestmark = pytest.mark.anyio

PATH = "/internal/destructions/awaited"


async def ask(world: World, *students: UUID, clearance: UUID | None = None) -> Answer:
    token = world.node.records.for_job("privacy", "destroying", world.node.clock())
    return await world.node.send("POST", PATH, token, body=ToDestroy(students=students, clearance=clearance))


async def awaited(world: World, *students: UUID, clearance: UUID | None = None) -> tuple[UUID, ...]:
    answer = await ask(world, *students, clearance=clearance)
    assert answer.status == 200, answer.body
    return AwaitedStudents.model_validate_json(answer.body).students


@pytest.mark.requirement("FERPA-99.10")
@pytest.mark.parametrize("at", ["oak", "sea"])
async def test_a_request_that_came_after_the_clearance_is_named_until_it_is_over(world: World, at: str) -> None:
    facts, other = await world.student(), await world.student()
    both = (facts.student_id, other.student_id)
    cleared = Destruction.model_validate_json((await clear(world, facts.student_id)).body)
    assert await awaited(world, facts.student_id, clearance=cleared.id) == await awaited(world, *both) == ()
    staff = Staff(world, getattr(world, at))
    made = await staff.inspect(facts)
    assert await awaited(world, facts.student_id, clearance=cleared.id) == await awaited(world, *both) == (facts.student_id,)
    step = {"step": "withdrawn", "evidence_ref": "call 1", "acting_for": parent_of(world, facts)}
    assert (await staff.client.post(f"/v1/inspections/{made.id}/steps", step)).status == 200
    assert await awaited(world, *both) == ()


async def test_a_clearance_is_that_of_the_student_and_of_no_other(world: World) -> None:
    facts, other = await world.student(), await world.student()
    cleared = Destruction.model_validate_json((await clear(world, facts.student_id)).body)
    for students, clearance in [
        ((other.student_id,), cleared.id),
        ((facts.student_id, other.student_id), cleared.id),
        ((facts.student_id,), uuid4()),
    ]:
        answer = await ask(world, *students, clearance=clearance)
        assert (answer.status, problem_of(answer).code) == (404, "no-such-clearance")


@pytest.mark.requirement("FERPA-99.37-united")
async def test_an_opt_out_that_the_other_record_has_not_is_told_where_a_record_goes_whole_and_only_there(world: World) -> None:
    stays = await world.student()
    goes = await world.student(same_child=(stays.student_id,))
    token = world.node.records.for_job("privacy", "destroying", world.node.clock())

    async def alone(*, whole: bool) -> tuple[UUID, ...]:
        body = ToDestroy(students=(goes.student_id,), whole=whole)
        return AwaitedStudents.model_validate_json((await world.node.send("POST", PATH, token, body=body)).body).said_here_alone

    assert await alone(whole=True) == ()
    await said(world, goes)
    assert await alone(whole=True) == (goes.student_id,)
    assert await alone(whole=False) == (), "a part of it goes: what was said stays with the rest"
    await said(world, stays, elements=("identity.name",))
    assert await alone(whole=True) == (goes.student_id,), "the other record has less of it"
    await said(world, stays)
    assert await alone(whole=True) == ()


async def test_a_request_to_amend_stops_no_destruction(world: World) -> None:
    facts = await world.student()
    await Staff(world).amend(facts)
    assert await awaited(world, facts.student_id) == ()


async def test_nobody_else_may_ask(world: World) -> None:
    facts = await world.student()
    token = world.node.gateway.for_caller("privacy", world.node.client(world.sea, "destruction:clear").claims, world.node.clock())
    assert (await world.node.send("POST", PATH, token, body=ToDestroy(students=(facts.student_id,)))).status == 403
