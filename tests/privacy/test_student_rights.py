"""What stands for one student, in one look: of the own agency alone, and the look is on the log."""

from datetime import date
from typing import Any
from uuid import uuid4

import pytest

from safepassage.problems.records import NoSuchStudent
from safepassage.wire_student_rights import StudentRights
from shared.contracts.privacy import RightsHolder
from tests.privacy.node import problem_of
from tests.privacy.rights import Staff
from tests.privacy.test_opt_outs import opt_out
from tests.privacy.world import STAFF, World

pytestmark = pytest.mark.anyio


@pytest.mark.requirement("CON-student")
async def test_consents_opt_outs_requests_and_their_clocks_of_one_student_are_told_and_the_look_is_logged(world: World) -> None:
    facts, other = await world.student(), await world.student()
    staff = Staff(world)
    consent, _ = await world.consent(facts), await world.consent(other)
    inspected, amended = await staff.inspect(facts), await staff.amend(facts)
    client = world.node.client(world.oak, *STAFF)
    preference = await client.post("/v1/preferences", opt_out(world, facts))
    assert preference.status == 201, preference.body
    answer = await client.get(f"/v1/students/{facts.student_id}/rights")
    assert answer.status == 200, answer.body
    told = StudentRights.model_validate_json(answer.body)
    assert [one.id for one in told.consents] == [consent.id]
    assert [one.of.student_id for one in told.preferences] == [facts.student_id]
    assert {(one.id, one.kind) for one in told.requests} == {(inspected.id, "inspection"), (amended.id, "amendment")}
    assert {one.kind for one in told.duties} >= {"inspect-records", "decide-amendment"}
    assert {one.student_id for one in told.duties} == {facts.student_id}
    [event] = [event for event in await world.node.events() if event.context.operation == "student-rights-read"]
    assert (event.class_, event.subjects, event.actor.client_id) == ("rights", (facts.student_id,), "sis")


@pytest.mark.requirement("CON-student")
async def test_who_holds_the_rights_is_told_as_it_is_at_this_instant(world: World) -> None:
    mother, father, before = uuid4(), uuid4(), uuid4()
    ended: dict[str, Any] = {"ended_on": date(2020, 1, 2), "ended_by": "order 17"}
    kept: dict[str, Any] = {}
    holders = [
        RightsHolder(person_id=one, relation=relation, **{"from": date(2012, 3, 4)}, **more)
        for one, relation, more in ((mother, "mother", kept), (before, "guardian", ended), (father, "father", kept))
    ]
    facts = await world.student(rights_holders=tuple(holders))
    client = world.node.client(world.oak, *STAFF)

    async def told() -> StudentRights:
        return StudentRights.model_validate_json((await client.get(f"/v1/students/{facts.student_id}/rights")).body)

    assert [(one.person_id, one.role, one.relation) for one in (await told()).held_by] == [
        (mother, "parent", "mother"),
        (father, "parent", "father"),
    ]
    assert not (await told()).in_person_only
    changed = {"facts_version": 2, "birth_date": date(2008, 1, 2), "flags": frozenset({"protected-address"})}
    await world.node.push(facts.model_copy(update=changed))
    now = await told()
    assert [(one.person_id, one.role, one.relation) for one in now.held_by] == [(facts.student_id, "student", None)]
    assert now.in_person_only


@pytest.mark.requirement("CON-student")
async def test_another_districts_student_and_nobody_look_alike(world: World) -> None:
    facts = await world.student()
    elsewhere = world.node.client(world.elm, *STAFF)
    for student_id in (facts.student_id, uuid4()):
        answer = await elsewhere.get(f"/v1/students/{student_id}/rights")
        assert (answer.status, problem_of(answer).code) == (404, NoSuchStudent.code)


async def test_other_records_of_the_child_are_named_that_the_agency_keeps_and_no_others(world: World) -> None:
    mine, elsewhere, gone = await world.student(), await world.student(district=world.elm), uuid4()
    united = tuple(sorted((mine.student_id, elsewhere.student_id, gone)))
    facts = await world.student(same_child=united)
    for agency, seen in ((world.oak, (mine.student_id,)), (world.sea, tuple(sorted((mine.student_id, elsewhere.student_id))))):
        answer = await world.node.client(agency, *STAFF).get(f"/v1/students/{facts.student_id}/rights")
        assert StudentRights.model_validate_json(answer.body).same_child == seen
    answer = await world.node.client(world.oak, *STAFF).get(f"/v1/students/{mine.student_id}/rights")
    assert StudentRights.model_validate_json(answer.body).same_child == ()
