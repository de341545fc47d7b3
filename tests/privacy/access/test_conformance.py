"""The cases of AuthZEN's certification scenario that are about form: what is taken, what is a bad request, what an answer has.

Its fixture of users and documents is not ours; where we do otherwise than it asks, docs/divergences.md says why, and this table too.
"""

import json
from typing import Any
from uuid import uuid4

import pytest

from services.privacy.tables import DecisionRow
from tests.privacy.access.enforcement import Enforcer
from tests.privacy.node import problem_of
from tests.privacy.world import World

pytestmark = pytest.mark.anyio

GONE = object()
EVALUATION, EVALUATIONS = "/access/v1/evaluation", "/access/v1/evaluations"
SUBJECT, RESOURCE, ACTION = "/access/v1/search/subject", "/access/v1/search/resource", "/access/v1/search/action"

BAD: tuple[tuple[str, str, Any, str], ...] = (
    (EVALUATION, "subject", GONE, "subject"),
    (EVALUATION, "action", GONE, "action"),
    (EVALUATION, "resource", GONE, "resource"),
    (EVALUATION, "subject.type", GONE, "subject.type"),
    (EVALUATION, "subject.id", GONE, "subject.id"),
    (EVALUATION, "action.name", GONE, "action.name"),
    (EVALUATION, "resource.type", GONE, "resource.type"),
    (EVALUATION, "resource.id", GONE, "resource.id"),
    (EVALUATION, "subject", "alice", "subject"),
    (EVALUATION, "action.name", 123, "action.name"),
    (EVALUATION, "action.properties", GONE, "action.properties"),
    (EVALUATION, "resource.properties.elements", [], "resource.properties.elements"),
    (EVALUATION, "subject.type", "spaceship", "subject.type"),
    (EVALUATION, "action.name", "read", "action.name"),
    (EVALUATION, "futureField", {"nested": True}, "(unknown member)"),
    (EVALUATION, "context.time", "2026-06-27T18:03-07:00", "context.(unknown member)"),
    (EVALUATION, "subject.properties", {"role": "admin"}, "subject.(unknown member)"),
    (EVALUATIONS, "evaluations", {}, "evaluations"),
    (EVALUATIONS, "options", {"evaluations_semantic": "first_wins"}, "options.evaluations_semantic"),
    (EVALUATIONS, "options", {"another_option": "value"}, "options.(unknown member)"),
    (SUBJECT, "action", GONE, "action"),
    (SUBJECT, "resource.id", GONE, "resource.id"),
    (RESOURCE, "subject", GONE, "subject"),
    (RESOURCE, "subject.id", GONE, "subject.id"),
    (ACTION, "resource", GONE, "resource"),
    (ACTION, "context.purpose", GONE, "context.purpose"),
)
"""Path, member, value, and the field that the problem names. Facts that are sent along are unknown members like any other."""


@pytest.fixture
def enforcer(world: World) -> Enforcer:
    return Enforcer(world)


def body_for(enforcer: Enforcer, path: str) -> dict[str, Any]:
    body = enforcer.by_consent(uuid4(), None)
    if path == RESOURCE:
        body["resource"] = {"type": "student_record", "properties": {"student_id": str(uuid4())}}
    if path == ACTION:
        del body["action"]
        body["context"]["purpose"] = "study"
    return body


def changed(body: dict[str, Any], place: str, value: Any) -> dict[str, Any]:
    """The body with another value in one place."""
    *parents, member = place.split(".")
    whole: dict[str, Any] = json.loads(json.dumps(body))
    inner = whole
    for parent in parents:
        inner = inner[parent]
    if value is GONE:
        del inner[member]
    else:
        inner[member] = value
    return whole


@pytest.mark.requirement("AZ-ids")
@pytest.mark.parametrize(("path", "place", "value", "field"), BAD, ids=[f"{path.rpartition('/')[2]} {place}" for path, place, *_ in BAD])
@pytest.mark.one_row_on_postgresql
async def test_a_request_of_another_form_is_a_bad_request(
    world: World, enforcer: Enforcer, path: str, place: str, value: Any, field: str
) -> None:
    answer = await enforcer.ask(changed(body_for(enforcer, path), place, value), path)
    problem = problem_of(answer)
    assert (answer.status, problem.code, problem.field) == (400, "access-request-not-valid", field), answer.body
    assert b"alice" not in answer.body
    assert b"spaceship" not in answer.body
    assert await world.node.count(DecisionRow) == 0


@pytest.mark.parametrize("path", [EVALUATION, EVALUATIONS, SUBJECT, RESOURCE, ACTION])
@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 5000], ids=["empty", "cut", "array", "null", "not-utf8", "deep"]
)
@pytest.mark.one_row_on_postgresql
async def test_a_body_that_is_no_request_is_a_bad_request(world: World, enforcer: Enforcer, path: str, body: bytes) -> None:
    answer = await enforcer.ask(body, path)
    assert answer.status == 400, answer.body
    assert problem_of(answer).remedy
    assert await world.node.count(DecisionRow) == 0


async def test_a_decision_is_a_boolean_and_its_context_an_object(world: World, enforcer: Enforcer) -> None:
    answer = await enforcer.ask(body_for(enforcer, EVALUATION))
    said = json.loads(answer.body)
    assert answer.headers["content-type"] == "application/json"
    assert set(said) == {"decision", "context"}
    assert said["decision"] is False
    assert isinstance(said["context"], dict)
    assert None not in said["context"].values(), "what is not there is left out"


async def test_the_same_question_has_the_same_answer(world: World, enforcer: Enforcer) -> None:
    facts = await world.student()
    body = enforcer.by_consent(facts, await world.consent(facts))
    assert {(await enforcer.decision(body)).decision for _ in range(3)} == {True}


@pytest.mark.parametrize("path", [SUBJECT, RESOURCE, ACTION])
async def test_a_search_answers_with_results(world: World, enforcer: Enforcer, path: str) -> None:
    body = body_for(enforcer, path)
    if path == SUBJECT:
        body["subject"] = {"type": "lea", "id": "ignored"}
    answer = await enforcer.ask(body, path)
    assert (answer.status, json.loads(answer.body)) == (200, {"results": []})
