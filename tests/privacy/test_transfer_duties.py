"""Permitted is not the same as sent: a request of another state's school starts the clock of the duty to answer it, whatever is decided."""

from datetime import timedelta
from uuid import uuid4

import pytest

from services.privacy.tables import DutyRow
from shared.contracts.privacy import DecisionRequest, SubjectFacts
from tests.privacy.rights import Staff
from tests.privacy.world import World

pytestmark = pytest.mark.anyio

KINDS = {
    "special-education": "idea-send-records",
    "homeless": "mckinney-vento-send-records",
    "foster": "foster-send-records",
    "military": "mic3-send-records",
    "migrant": "migrant-send-records",
}


async def child(world: World, *flags: str) -> SubjectFacts:
    return await world.student(flags=frozenset(flags))


def received(asked: DecisionRequest, days: float, world: World) -> DecisionRequest:
    assert asked.transfer is not None
    at = world.node.clock() - timedelta(days=days)
    return asked.model_copy(update={"transfer": asked.transfer.model_copy(update={"received_at": at})})


@pytest.mark.requirement("DUTY-transfer")
@pytest.mark.parametrize("flag", sorted(KINDS))
async def test_what_the_law_asks_for_this_child_is_owed_from_the_requests_receipt(world: World, flag: str) -> None:
    facts = await child(world, flag)
    asked = received(world.by_transfer(facts), 2, world)
    await world.node.decide(asked)
    (duty,) = await Staff(world).duties()
    assert (duty.kind, duty.about, duty.student_id) == (KINDS[flag], f"exchange:{asked.exchange_id}", facts.student_id)
    assert duty.begins_at == world.node.clock() - timedelta(days=2)


@pytest.mark.requirement("DUTY-transfer")
async def test_a_request_can_be_permitted_and_overdue(world: World) -> None:
    asked = received(world.by_transfer(await child(world, "military")), 11, world)
    decision = await world.node.decide(asked)
    (duty,) = await Staff(world).duties("state=overdue")
    assert (decision.outcome != "deny", duty.kind, duty.late) == (True, "mic3-send-records", True)


async def test_a_denial_does_not_stop_the_clock(world: World) -> None:
    decision = await world.node.decide(world.by_transfer(await child(world, "special-education"), purpose="study"))
    assert decision.outcome == "deny"
    assert await Staff(world).kinds() == ["idea-send-records"]


@pytest.mark.requirement("FIND-nothing-moves")
async def test_who_only_asks_whether_a_child_may_be_here_has_asked_for_nothing_to_be_sent(world: World) -> None:
    asked = received(world.by_transfer(await child(world, *KINDS)), 2, world)
    decision = await world.node.decide(asked.model_copy(update={"finding": True}))
    assert decision.outcome != "deny"
    assert await Staff(world).kinds() == []


async def test_a_request_that_is_decided_again_starts_no_second_clock(world: World) -> None:
    asked = received(world.by_transfer(await child(world, "homeless", "special-education")), 1, world)
    for _ in range(2):
        await world.node.decide(asked)
        world.node.clock.advance(hours=1)
    assert await Staff(world).kinds() == ["idea-send-records", "mckinney-vento-send-records"]
    await world.node.decide(asked.model_copy(update={"exchange_id": uuid4()}))
    assert await world.node.count(DutyRow) == 4


async def test_no_clock_starts_for_a_child_of_whom_the_law_says_nothing_or_outside_an_exchange(world: World) -> None:
    await world.node.decide(world.by_transfer(await child(world)))
    facts = await child(world, "military")
    agreement = await world.agreement()
    await world.node.decide(world.by_contract(agreement, facts), by=world.node.client(world.vendor))
    assert await Staff(world).kinds() == ["agreement-expiry"]


async def test_an_instant_that_lies_ahead_starts_no_later_clock(world: World) -> None:
    await world.node.decide(received(world.by_transfer(await child(world, "military")), -3, world))
    (duty,) = await Staff(world).duties()
    assert duty.begins_at == world.node.clock()
