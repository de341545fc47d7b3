"""Searches: what they find is true when it is asked for, and nothing may be released on a search."""

import json
from typing import Any
from uuid import uuid4

import pytest

from safepassage.wire_access import OBLIGATION_KINDS
from safepassage.wire_decisions import RecordedDecision
from services.privacy.tables import DecisionRow, ObligationRow
from shared.contracts.privacy import Attendance
from tests.privacy.access.enforcement import Enforcer
from tests.privacy.node import problem_of
from tests.privacy.world import SCHEDULE, World

pytestmark = pytest.mark.anyio

DISCIPLINE = "discipline.incidents"
SUBJECT, RESOURCE, ACTION = "/access/v1/search/subject", "/access/v1/search/resource", "/access/v1/search/action"


@pytest.fixture
def enforcer(world: World) -> Enforcer:
    return Enforcer(world)


async def results(enforcer: Enforcer, path: str, body: Any) -> list[dict[str, Any]]:
    answer = await enforcer.ask(body, path)
    assert answer.status == 200, answer.body
    assert set(json.loads(answer.body)) == {"results"}
    found: list[dict[str, Any]] = json.loads(answer.body)["results"]
    return found


def of_record(body: dict[str, Any]) -> dict[str, Any]:
    """The search for resources that belongs to an evaluation."""
    return body | {"resource": {"type": "student_record", "properties": {"student_id": body["resource"]["id"]}}}


async def test_a_search_for_resources_finds_the_elements_that_are_permitted(world: World, enforcer: Enforcer) -> None:
    facts = await world.student()
    body = enforcer.by_consent(facts, await world.consent(facts))
    (found,) = await results(enforcer, RESOURCE, of_record(body))
    assert set(found["properties"]["elements"]) == set(SCHEDULE)
    assert (await enforcer.decision(body | {"resource": found})).decision is True


@pytest.mark.requirement("AZ-record")
async def test_a_search_leaves_a_decision_under_which_nothing_is_released(world: World, enforcer: Enforcer) -> None:
    facts, agreement = await world.student(), await world.agreement()
    await results(enforcer, RESOURCE, of_record(enforcer.by_contract(facts, agreement)))
    assert (await world.node.count(DecisionRow), await world.node.count(ObligationRow)) == (1, 0)
    event = (await world.node.events())[-1]
    assert (event.context.operation, event.context.outcome, event.digests.decision) == ("search", "permit-with-redaction", None)
    assert set(event.context.elements) == set(SCHEDULE)
    assert event.context.decision_id is not None
    standing = await world.node.standing(event.context.decision_id)
    assert (standing.stands, standing.reason) == (False, "nothing-permitted")
    reader = world.node.client(world.oak, "decisions:read")
    recorded = RecordedDecision.model_validate_json((await reader.get(f"/v1/decisions/{event.context.decision_id}")).body)
    assert recorded.access is not None
    assert (recorded.access.asked, recorded.access.granted) == ("search", False)


@pytest.mark.requirement("BAD-foreign")
async def test_nothing_is_found_of_a_student_beyond_sight_nor_of_one_who_does_not_exist(world: World, enforcer: Enforcer) -> None:
    theirs, agreement = await world.student(district=world.elm), await world.agreement()
    for who in (theirs, uuid4(), "nobody"):
        assert await results(enforcer, RESOURCE, of_record(enforcer.by_contract(who, agreement))) == []
    assert await world.node.count(DecisionRow) == 3


async def test_a_search_for_actions_finds_the_basis_that_holds(world: World, enforcer: Enforcer) -> None:
    facts = await world.student()
    consent = await world.consent(facts)
    body = enforcer.by_consent(facts, consent)
    del body["action"]
    body["context"]["purpose"] = "financial-aid"
    found = await results(enforcer, ACTION, body)
    assert {(one["name"], one["properties"]["basis"]) for one in found} == {("disclose", "consent"), ("redisclose", "consent")}
    assert await world.node.count(DecisionRow) == len(found), "one for each that is named"
    del body["context"]["purpose"]
    for one in found:
        assert (await enforcer.decision(body | {"action": one})).decision is True


async def test_a_search_that_finds_nothing_is_on_record_once(world: World, enforcer: Enforcer) -> None:
    facts = await world.student()
    body = enforcer.by_consent(facts, None)
    del body["action"]
    body["context"]["purpose"] = "instruction"
    assert await results(enforcer, ACTION, body) == []
    assert await world.node.count(DecisionRow) == 1


async def test_what_the_enforcement_point_does_not_support_is_not_found(world: World, enforcer: Enforcer) -> None:
    facts = await world.student()
    consent = await world.consent(facts)
    body = enforcer.by_consent(facts, consent, supported_obligations=[kind for kind in OBLIGATION_KINDS if kind != "purpose-limit"])
    assert await results(enforcer, RESOURCE, of_record(body)) == []


async def test_a_search_for_subjects_is_answered_for_the_one_that_asks(world: World) -> None:
    attendance = Attendance(organisation_id=world.elm_school.id, **{"from": "2026-09-01"})
    facts = await world.student(attendances=(attendance,))
    consent = await world.consent(facts, recipient_id=str(world.elm_school.id))
    school = Enforcer(world, world.elm_school)
    body = school.by_consent(facts, consent, recipient_proof=None)
    (found,) = await results(school, SUBJECT, body | {"subject": {"type": "school"}})
    assert found == {"type": "school", "id": str(world.elm_school.id)}
    assert (await school.decision(body | {"subject": found})).decision is True
    answer = await school.ask(body | {"subject": {"type": "vendor"}}, SUBJECT)
    assert (answer.status, problem_of(answer).code) == (400, "subject-search-not-answered")
    assert problem_of(answer).remedy


@pytest.mark.parametrize("path", [SUBJECT, RESOURCE, ACTION])
async def test_of_a_type_that_does_not_exist_nothing_is_found_and_nothing_kept(world: World, enforcer: Enforcer, path: str) -> None:
    facts = await world.student()
    body = enforcer.by_consent(facts, None)
    if path == RESOURCE:
        body = of_record(body)
    if path == ACTION:
        del body["action"]
        body["context"]["purpose"] = "study"
    assert await results(enforcer, path, body | {"subject": {"type": "spaceship", "id": "x"}}) == []
    assert await results(enforcer, path, body | {"resource": body["resource"] | {"type": "planet"}}) == []
    if path != ACTION:
        assert await results(enforcer, path, body | {"action": body["action"] | {"name": "beam"}}) == []
    assert await world.node.count(DecisionRow) == 0


async def test_a_page_object_is_taken_and_a_token_refused(world: World, enforcer: Enforcer) -> None:
    facts = await world.student()
    body = of_record(enforcer.by_consent(facts, await world.consent(facts)))
    assert len(await results(enforcer, RESOURCE, body | {"page": {"limit": 1}})) == 1
    assert (await enforcer.ask(body | {"page": {"token": "next"}}, RESOURCE)).status == 400
