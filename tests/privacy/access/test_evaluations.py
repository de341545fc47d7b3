"""Several evaluations of one instant: defaults, the three semantics, faults of one that stop no other, and what each leaves."""

import json
from typing import Any
from uuid import uuid4

import pytest

from safepassage.wire_access import MAX_EVALUATIONS, AccessDecision
from services.privacy.tables import DecisionRow
from tests.privacy.access.enforcement import Enforcer
from tests.privacy.node import problem_of
from tests.privacy.rights import Staff
from tests.privacy.test_opt_outs import FATHER, said, two_parents
from tests.privacy.world import SCHEDULE, World

pytestmark = pytest.mark.anyio

DISCIPLINE = "discipline.incidents"
PATH = "/access/v1/evaluations"


@pytest.fixture
def enforcer(world: World) -> Enforcer:
    return Enforcer(world)


def resource(student: Any, *elements: str) -> dict[str, Any]:
    return {"type": "student_record", "id": str(student), "properties": {"elements": list(elements or SCHEDULE)}}


async def asked(world: World, enforcer: Enforcer) -> tuple[dict[str, Any], Any]:
    """A body with defaults for everything, and its student."""
    facts = await world.student()
    consent = await world.consent(facts)
    return enforcer.by_consent(facts, consent), facts.student_id


@pytest.mark.requirement("AZ-record")
async def test_each_of_several_is_decided_by_itself_and_in_order(world: World, enforcer: Enforcer) -> None:
    body, student = await asked(world, enforcer)
    others = [resource(student), resource(student, DISCIPLINE), resource(uuid4()), resource(student, "identity.name")]
    found = await enforcer.decisions(body | {"evaluations": [{"resource": one} for one in others]})
    assert [one.decision for one in found] == [True, False, False, True]
    assert [one.context.denied_as for one in found] == [None, "not-permitted", "no-such-student", None]
    assert await world.node.count(DecisionRow) == 4
    ids = [event.context.decision_id for event in await world.node.events() if event.class_ == "decision"]
    assert ids == [one.context.decision_id for one in found]


async def test_one_of_several_is_answered_as_it_would_be_alone(world: World, enforcer: Enforcer) -> None:
    """Facts of several students are read together: nothing of one gets into the answer of another."""
    students = [await world.student(), await world.student(flags=frozenset({"protected-address"})), await world.student(district=world.elm)]
    agreement = await world.agreement(elements=[*SCHEDULE, "contacts.addresses"])
    bodies = [enforcer.by_contract(one, agreement, elements=(*SCHEDULE, "contacts.addresses"), partial=True) for one in students]
    together = await enforcer.decisions({"evaluations": bodies})
    alone = [await enforcer.decision(body) for body in bodies]
    assert [told(one) for one in together] == [told(one) for one in alone]
    assert [one.decision for one in together] == [True, True, False]
    assert "protected-address" in {one.reason for one in together[1].context.withheld}


def told(decision: AccessDecision) -> dict[str, Any]:
    return decision.model_dump(exclude={"context": {"decision_id", "decided_at", "valid_until"}})


@pytest.mark.parametrize(
    ("semantic", "expected"),
    [
        (None, [False, True, False, True]),
        ("execute_all", [False, True, False, True]),
        ("deny_on_first_deny", [False]),
        ("permit_on_first_permit", [False, True]),
    ],
)
async def test_a_semantic_ends_where_it_is_decided(world: World, enforcer: Enforcer, semantic: str | None, expected: list[bool]) -> None:
    body, student = await asked(world, enforcer)
    others = [resource(student, DISCIPLINE), resource(student), resource(uuid4()), resource(student)]
    options = {} if semantic is None else {"options": {"evaluations_semantic": semantic}}
    found = await enforcer.decisions(body | options | {"evaluations": [{"resource": one} for one in others]})
    assert [one.decision for one in found] == expected
    assert await world.node.count(DecisionRow) == len(expected), "what was not decided is not on record"


async def test_deny_on_first_deny_goes_on_while_all_is_true(world: World, enforcer: Enforcer) -> None:
    body, student = await asked(world, enforcer)
    evaluations = [{"resource": resource(student)}, {}, {"resource": resource(student, DISCIPLINE)}, {}]
    options = {"options": {"evaluations_semantic": "deny_on_first_deny"}}
    assert [one.decision for one in await enforcer.decisions(body | options | {"evaluations": evaluations})] == [True, True, False]


async def test_a_default_is_replaced_as_a_whole_but_for_type_id_and_name(world: World, enforcer: Enforcer) -> None:
    body, student = await asked(world, enforcer)
    evaluations: list[dict[str, Any]] = [
        {},
        {"resource": {"properties": {"elements": ["identity.name"]}}},
        {"resource": {"id": str(student), "properties": {"elements": [DISCIPLINE]}}},
        {"action": {"properties": {"basis": "consent", "purpose": "study"}}},
        {"context": {}},
        {"subject": {"id": str(world.elm.id)}},
    ]
    found = await enforcer.decisions(body | {"evaluations": evaluations})
    reasons = [one.context.withheld[0].reason if one.context.withheld else None for one in found]
    assert [one.decision for one in found] == [True, True, False, False, False, False]
    assert reasons[2:5] == ["consent-for-other-records", "consent-for-another-purpose", "recipient-not-authenticated"]


async def test_a_fault_in_one_is_its_own(world: World, enforcer: Enforcer) -> None:
    body, student = await asked(world, enforcer)
    without = {name: body[name] for name in ("subject", "action", "context")}
    evaluations = [{"resource": resource(student)}, {}, {"resource": {"type": "spaceship", "id": "x"}}, {"resource": resource(student)}]
    found = await enforcer.decisions(without | {"evaluations": evaluations})
    assert [one.decision for one in found] == [True, False, False, True]
    faults = [one.context.error for one in found]
    assert [None if one is None else (one.code, one.field) for one in faults] == [
        None,
        ("access-request-not-valid", "resource.type"),
        ("access-request-not-valid", "resource.type"),
        None,
    ]
    assert await world.node.count(DecisionRow) == 2


@pytest.mark.parametrize("evaluations", [None, []], ids=["absent", "empty"])
async def test_without_evaluations_it_is_one(world: World, enforcer: Enforcer, evaluations: Any) -> None:
    body, _ = await asked(world, enforcer)
    answer = await enforcer.ask(body if evaluations is None else body | {"evaluations": evaluations}, PATH)
    assert AccessDecision.model_validate_json(answer.body).decision is True
    del body["subject"]
    answer = await enforcer.ask(body, PATH)
    assert (answer.status, problem_of(answer).code, problem_of(answer).field) == (400, "access-request-not-valid", "subject.type")


async def test_too_many_at_once_are_refused(world: World, enforcer: Enforcer) -> None:
    body, _ = await asked(world, enforcer)
    answer = await enforcer.ask(body | {"evaluations": [{}] * (MAX_EVALUATIONS + 1)}, PATH)
    assert (answer.status, problem_of(answer).field) == (400, "evaluations")
    assert await world.node.count(DecisionRow) == 0


async def test_a_batch_is_of_one_instant(world: World, enforcer: Enforcer) -> None:
    body, _ = await asked(world, enforcer)
    answer = await enforcer.ask(body | {"evaluations": [{}] * 100}, PATH)
    decided = {one["context"]["decided_at"] for one in json.loads(answer.body)["evaluations"]}
    assert len(decided) == 1
    assert await world.node.count(DecisionRow) == 100


@pytest.mark.requirement("FERPA-99.21")
async def test_a_statement_is_named_where_what_it_contests_may_leave(world: World, enforcer: Enforcer) -> None:
    staff, contested, other = Staff(world), await world.student(), await world.student()
    placed = await staff.placed(contested)
    agreement = await world.agreement()
    bodies = [
        enforcer.by_contract(contested, agreement),
        enforcer.by_contract(other, agreement),
        enforcer.by_contract(contested, agreement, elements=("identity.name",)),
        enforcer.by_contract(contested, agreement, supported_obligations=[]),
    ]
    found = await enforcer.decisions({"evaluations": bodies})
    assert [one.decision for one in found] == [True, True, True, False]
    assert [one.context.statement_ids for one in found] == [(placed.id,), (), (), ()]


async def test_what_a_parent_refuses_counts_for_that_student_alone(world: World, enforcer: Enforcer) -> None:
    """Facts that only some bases give a part are read for those, alone and in company."""
    refused, other = await two_parents(world), await world.student()
    consents = [await world.consent(one) for one in (refused, other)]
    father = world.acting_for(FATHER).model_dump(mode="json")
    await said(world, refused, "disclosure-refusal", acting_for=father, elements=["attendance.summary"])
    agreement = await world.agreement()
    bodies = [enforcer.by_consent(one, consent, partial=True) for one, consent in zip((refused, other), consents, strict=True)]
    bodies += [enforcer.by_consent(other, consents[0], partial=True), enforcer.by_contract(refused, agreement)]
    together = await enforcer.decisions({"evaluations": bodies})
    alone = [await enforcer.decision(body) for body in bodies]
    assert [told(one) for one in together] == [told(one) for one in alone]
    assert [one.decision for one in together] == [True, True, False, True]
    assert set(SCHEDULE) - set(together[0].context.permitted) == {"attendance.summary"}
    assert set(together[1].context.permitted) == set(SCHEDULE)
