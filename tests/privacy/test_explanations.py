"""Why a decision says what it says, by the set that made it, for those who keep the records and nobody else."""

from uuid import uuid4

import pytest

from safepassage.wire_explanation import DecisionExplanation
from tests.privacy.node import problem_of
from tests.privacy.officials import Officials, forbid
from tests.privacy.world import World

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("small_table")]


async def explained(world: World, decision_id: object) -> DecisionExplanation:
    answer = await world.node.client(world.oak, "decisions:read").get(f"/v1/decisions/{decision_id}/explanation")
    assert answer.status == 200, answer.body
    return DecisionExplanation.model_validate_json(answer.body)


async def test_each_element_has_its_rule_its_failed_conditions_and_their_citations(world: World) -> None:
    facts = await world.student()
    told = await explained(world, (await world.node.decide(world.by_transfer(facts))).id)
    ((subject,), rules) = told.subjects, {rule.id: rule for rule in told.rules}
    elements = {one.element: one for one in subject.elements}
    assert subject.student_id == facts.student_id
    transcript, number = elements["academics.transcript"], elements["identity.ssn"]
    assert (transcript.permitted, transcript.rule) == (True, "ferpa-99.33b-transfer")
    assert (number.permitted, number.rule, number.reason) == (False, "exchange-ssn", "ssn-never-leaves")
    assert rules["exchange-ssn"].citation
    assert not rules["ferpa-99.33b-transfer"].reviewed
    refused = await explained(world, (await world.node.decide(world.by_transfer(facts, purpose="study"))).id)
    failed = refused.subjects[0].elements[0]
    assert (failed.rule, failed.reason, [one.reason for one in failed.failed]) == (
        "ferpa-99.33b-transfer",
        "purpose-not-enrollment",
        ["purpose-not-enrollment"],
    )
    assert all(one.citation for one in failed.failed)


async def test_the_one_change_that_would_permit_an_element_is_named_with_its_citation(world: World) -> None:
    facts, agreement = await world.student(), await world.agreement()
    asked = world.by_contract(agreement, facts, elements=("academics.transcript", "identity.sex"))
    told = await explained(world, (await world.node.decide(asked, by=world.node.client(world.vendor))).id)
    scheduled, other = (next(one for one in told.subjects[0].elements if one.element == name) for name in asked.elements)
    assert (scheduled.permitted, scheduled.would_be_permitted_by) == (True, None)
    change = other.would_be_permitted_by
    assert change is not None
    assert (change.fact, change.suffices) == ("agreement.elements", True)
    assert change.citation == other.citation


async def test_a_decision_is_explained_by_the_set_that_made_it(world: World) -> None:
    officials = Officials.of(world)
    drafted = await officials.ready(forbid(element="assessments.results"))
    activation = await officials.active_from(drafted.policy_hash, replaces=officials.active)
    world.node.clock.instant = activation.valid_from
    asked = world.by_transfer(await world.student(), elements=("assessments.results",))
    decision = await world.node.decide(asked)
    await officials.approved(officials.active)
    back = await officials.active_from(officials.active, replaces=drafted.policy_hash)
    world.node.clock.instant = back.valid_from
    told = await explained(world, decision.id)
    assert (told.policy_hash, told.subjects[0].elements[0].rule) == (drafted.policy_hash, "xa-transcripts-stay")
    assert [rule.title for rule in told.rules] == ["A rule of a test"]


async def test_another_districts_decision_has_no_explanation(world: World) -> None:
    decision, request_id = await world.node.decide(world.by_transfer(await world.student())), uuid4()
    elm = world.node.client(world.elm, "decisions:read")
    answers = [await elm.get(f"/v1/decisions/{one}/explanation", request_id=request_id) for one in (decision.id, uuid4())]
    assert (answers[0].status, answers[0].body) == (answers[1].status, answers[1].body)
    assert problem_of(answers[0]).code == "no-such-decision"
