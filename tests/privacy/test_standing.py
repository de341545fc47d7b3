"""Before each attempt to deliver: what was permitted must still be permitted."""

from uuid import uuid4

import pytest

from services.privacy.tables import DecisionFallRow, DecisionRow
from shared.contracts.privacy import Standing
from tests.privacy.world import World

pytestmark = pytest.mark.anyio


async def test_a_permission_stands_on_unchanged_facts(world: World) -> None:
    decision = await world.node.decide(world.by_transfer(await world.student()))
    before = len(await world.node.events())
    world.node.clock.advance(days=5)
    assert await world.node.standing(decision.id) == Standing(stands=True)
    assert len(await world.node.events()) == before
    assert await world.node.count(DecisionRow) == 1


async def test_a_consent_taken_back_fells_what_rests_on_it(world: World) -> None:
    facts = await world.student()
    consent = await world.consent(facts)
    asked = world.by_consent(facts, consent, valid_for_seconds=86_400)
    decision = await world.node.decide(asked, by=world.node.client(world.vendor))
    assert (await world.node.standing(decision.id)).stands
    await world.withdraw(consent)
    standing = await world.node.standing(decision.id)
    assert (standing.stands, standing.reason) == (False, "consent-withdrawn")
    assert "99.30" in (standing.citation or "")


async def test_what_has_fallen_stays_fallen_and_is_told_once(world: World) -> None:
    facts = await world.student()
    decision = await world.node.decide(world.by_transfer(facts))
    await world.node.push(world.facts(student_id=facts.student_id, version=2, flags=frozenset({"protected-address"})))
    fallen = await world.node.standing(decision.id)
    await world.node.push(world.facts(student_id=facts.student_id, version=3))
    assert await world.node.standing(decision.id) == fallen
    assert fallen.stands is False
    told = [event for event in await world.node.events() if event.context.operation == "standing"]
    assert [(event.context.outcome, event.context.decision_id, event.subjects) for event in told] == [
        ("fallen", decision.id, (facts.student_id,))
    ]
    assert await world.node.count(DecisionFallRow) == 1


async def test_facts_that_only_permit_more_leave_it_standing(world: World) -> None:
    facts = await world.student(flags=frozenset({"protected-address"}))
    decision = await world.node.decide(world.by_transfer(facts))
    await world.node.push(world.facts(student_id=facts.student_id, version=2))
    assert (await world.node.standing(decision.id)).stands


async def test_a_contract_that_ends_fells_what_rests_on_it(world: World) -> None:
    agreement = await world.agreement()
    asked = world.by_contract(agreement, await world.student(), valid_for_seconds=86_400)
    decision = await world.node.decide(asked, by=world.node.client(world.vendor))
    path = f"/v1/agreements/{agreement.id}/termination"
    assert (await world.node.client(world.oak, "agreements:write").post(path, {"reason": "breach"})).status == 200
    assert (await world.node.standing(decision.id)).stands is False


async def test_a_new_debarment_fells_what_waits(world: World) -> None:
    facts = await world.student()
    decision = await world.node.decide(world.by_transfer(facts))
    body = {
        "party": "https://birch.example",
        "originating_agency": str(world.oak.id),
        "finding": "SPPO 26-7",
        "begins_at": "2026-10-20T00:00:00Z",
        "until": "2031-10-20T00:00:00Z",
    }
    assert (await world.node.client(world.sea, "debarments:write").post("/v1/debarments", body)).status == 201
    standing = await world.node.standing(decision.id)
    assert standing.stands is False
    assert "99.67" in (standing.citation or "")


async def test_a_decision_does_not_stand_beyond_its_time(world: World) -> None:
    decision = await world.node.decide(world.by_transfer(await world.student(), valid_for_seconds=60))
    world.node.clock.advance(seconds=59)
    assert (await world.node.standing(decision.id)).stands
    world.node.clock.advance(seconds=1)
    assert (await world.node.standing(decision.id)).reason == "decision-expired"


async def test_what_was_denied_or_never_decided_does_not_stand(world: World) -> None:
    denied = await world.node.decide(world.by_transfer(await world.student(), purpose="study"))
    assert await world.node.standing(denied.id) == Standing(stands=False, reason="nothing-permitted")
    assert await world.node.standing(uuid4()) == Standing(stands=False, reason="unknown-decision")


async def test_an_id_that_is_none_is_refused_and_nobody_but_records_may_ask(world: World) -> None:
    decision = await world.node.decide(world.by_transfer(await world.student()))
    for place, status in (("no-id", 422), (str(uuid4()).replace("-", "/", 1), 404), (str(decision.id), 403)):
        token = world.node.records_token(None)
        if status == 403:
            token = world.node.gateway.for_caller("privacy", world.node.client(world.vendor).claims, world.node.clock())
        answer = await world.node.send("POST", f"/internal/decisions/{place}/standing", token)
        assert answer.status == status, answer.body
