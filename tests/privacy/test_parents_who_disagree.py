"""Where one parent consents and the other refuses, the district's stored choice says what follows; nobody who asks does."""

from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest

from safepassage.wire_policy import Consent
from shared.contracts.privacy import RightsHolder, SubjectFacts
from tests.privacy.grounds import ALL_SCOPES, Grounds
from tests.privacy.node import problem_of
from tests.privacy.world import STAFF, World

pytestmark = pytest.mark.anyio


async def child_of_two(world: World) -> tuple[SubjectFacts, UUID]:
    """A student with two parents, the second of whom is given."""
    student_id, father = uuid4(), uuid4()
    mother = world.parents.setdefault(student_id, uuid4())
    holders = tuple(
        RightsHolder(person_id=person, relation=relation, **{"from": date(2012, 3, 4)})
        for person, relation in ((mother, "mother"), (father, "father"))
    )
    return await world.student(student_id=student_id, rights_holders=holders), father


async def refuse(world: World, facts: SubjectFacts, father: UUID) -> None:
    body = {
        "kind": "disclosure-refusal",
        "student_id": str(facts.student_id),
        "acting_for": world.acting_for(father).model_dump(mode="json"),
        "document": "A" * 43,
        "received_at": "2026-10-19T10:00:00.000Z",
    }
    answer = await world.node.client(world.oak, *STAFF).post("/v1/preferences", body)
    assert answer.status == 201, answer.body


async def outcome(world: World, facts: SubjectFacts, consent: Consent) -> tuple[str, set[str]]:
    decision = await world.node.decide(world.by_consent(facts, consent), by=world.node.client(world.vendor))
    return decision.outcome, {one.reason for subject in decision.subjects for one in subject.withheld}


@pytest.mark.requirement("POL-25")
async def test_without_a_choice_a_refusal_holds_and_with_one_the_districts_choice_decides(world: World) -> None:
    grounds, (facts, father) = await Grounds.of(world), await child_of_two(world)
    consent = await world.consent(facts)
    await refuse(world, facts, father)
    held = ("deny", {"parents-disagree"})
    assert await outcome(world, facts, consent) == held
    waiting = await world.node.decide(world.by_consent(facts, consent), by=world.node.client(world.vendor))
    assert [(one.kind, one.argument) for one in waiting.obligations] == [("route-to", "custody-desk")]
    later = await grounds.record("parents-disagree", choice="latest-decides")
    assert await outcome(world, facts, consent) == ("permit", set())
    strict = await grounds.record("parents-disagree", choice="any-refusal-blocks")
    assert await outcome(world, facts, consent) == held
    await grounds.revoke(strict)
    permitted = await world.node.decide(world.by_consent(facts, consent), by=world.node.client(world.vendor))
    assert permitted.outcome == "permit"
    await grounds.revoke(later)
    assert await outcome(world, facts, consent) == held
    assert (await world.node.standing(permitted.id)).reason == "parents-disagree"


@pytest.mark.requirement("POL-25")
async def test_the_choice_is_the_districts_alone_and_binds_it_alone(world: World) -> None:
    grounds, (facts, father) = await Grounds.of(world), await child_of_two(world)
    body = grounds.body("parents-disagree", choice="consent-stands")
    for organisation in (world.sea, world.oak_school, world.vendor):
        answer = await world.node.client(organisation, *ALL_SCOPES).post("/v1/evidence", body)
        assert problem_of(answer).code == "recorder-not-permitted"
    foreign = body | {"agency_id": str(world.elm.id)}
    assert problem_of(await world.node.client(world.oak, *ALL_SCOPES).post("/v1/evidence", foreign)).code == "agency-not-yours"
    assert (await world.node.client(world.elm, *ALL_SCOPES).post("/v1/evidence", foreign)).status == 201
    consent = await world.consent(facts)
    await refuse(world, facts, father)
    assert (await outcome(world, facts, consent))[0] == "deny"
    asked: dict[str, Any] = world.by_consent(facts, consent).model_dump(mode="json", exclude_none=True)
    answer = await world.node.ask(asked | {"parents_disagree": "consent-stands"}, by=world.node.client(world.vendor))
    assert answer.status == 422


@pytest.mark.requirement("POL-25")
async def test_what_the_other_parent_took_back_counts_though_the_asker_does_not_name_it(world: World) -> None:
    facts, father = await child_of_two(world)
    his = await world.consent(facts, acting_for=world.acting_for(father).model_dump(mode="json"))
    hers = await world.consent(facts)
    assert (await outcome(world, facts, hers))[0] == "permit"
    await world.withdraw(his)
    assert await outcome(world, facts, hers) == ("deny", {"parents-disagree"})
    for_another = world.by_consent(facts, hers, purpose="study")
    decision = await world.node.decide(for_another, by=world.node.client(world.vendor))
    assert {one.reason for subject in decision.subjects for one in subject.withheld} != {"parents-disagree"}


async def test_a_consent_that_its_own_giver_renewed_is_no_disagreement(world: World) -> None:
    facts, _ = await child_of_two(world)
    await world.withdraw(await world.consent(facts))
    assert (await outcome(world, facts, await world.consent(facts)))[0] == "permit"
