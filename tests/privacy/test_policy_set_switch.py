"""A switch of policy sets while decisions run: no failed request, and every decision names the set that was valid at its instant."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from services.privacy.app import create_app
from services.privacy.tables import DecisionRow, PolicyActivationRow
from shared.siblings import InProcess
from tests.conftest import StandingClock
from tests.privacy.node import PrivacyNode, problem_of, settings_for
from tests.privacy.officials import Officials, forbid
from tests.privacy.world import World

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.usefixtures("small_table")]

ASKERS = 4


@pytest.fixture
def officials(world: World) -> Officials:
    return Officials.of(world)


@pytest.fixture
async def replica(world: World, store_url: str, node_keys: Path, clock: StandingClock) -> AsyncIterator[PrivacyNode]:
    """A second process' worth of the service on the same store."""
    app = create_app(settings_for(store_url, node_keys), transports={"audit": InProcess()}, clock=clock)
    async with app.router.lifespan_context(app):
        yield PrivacyNode(app, clock, world.node.keys)


async def starts(world: World) -> list[tuple[datetime, str]]:
    """From when on which set decides, the last one first."""
    async with world.node.app.state.database.reading() as tx:
        rows = (await tx.scalars(select(PolicyActivationRow).order_by(PolicyActivationRow.valid_from.desc()))).all()
    return [(row.valid_from, row.policy_hash) for row in rows]


@pytest.mark.requirement("SETS-swap")
async def test_sets_are_switched_while_both_replicas_decide(world: World, officials: Officials, replica: PrivacyNode) -> None:
    elements = ("identity.name", "academics.transcript")
    asked = world.by_transfer(await world.student(), elements=elements)
    drafted = await officials.ready(forbid(element="assessments.results"))
    sets = [drafted.policy_hash, officials.active]
    over, statuses, answered = asyncio.Event(), list[int](), asyncio.Queue[int]()

    async def decide(node: PrivacyNode) -> None:
        while not over.is_set():
            statuses.append((await node.ask(asked)).status)
            answered.put_nowait(statuses[-1])

    async def switch() -> None:
        """There, back, and there again, the clock moving through each start by little steps with decisions in between."""
        replaced = officials.active
        for policy_hash in (*sets, sets[0]):
            if policy_hash in [known for _, known in await starts(world)]:
                await officials.approved(policy_hash)
            activation = await officials.active_from(policy_hash, replaces=replaced)
            replaced = policy_hash
            while world.node.clock() < activation.valid_from + timedelta(seconds=1):
                world.node.clock.advance(milliseconds=400)
                for _ in range(ASKERS):
                    await answered.get()
        over.set()

    await asyncio.gather(switch(), *(decide(node) for node in (world.node, replica) for _ in range(ASKERS // 2)))
    assert set(statuses) == {200}
    schedule = await starts(world)
    assert len(schedule) == 4
    async with world.node.app.state.database.reading() as tx:
        decisions = (await tx.execute(select(DecisionRow.decided_at, DecisionRow.policy_hash))).all()
    assert len(decisions) == len(statuses)
    wrong = [one for at, one in decisions if one != next(policy_hash for start, policy_hash in schedule if start <= at)]
    assert wrong == []
    assert {policy_hash for _, policy_hash in decisions} == set(sets)


@pytest.mark.requirement("SETS-race")
async def test_of_two_activations_at_once_one_is_taken(world: World, officials: Officials, replica: PrivacyNode) -> None:
    first = await officials.ready(forbid(element="assessments.results"))
    second = await officials.ready(forbid(element="demographics.languages"))
    elsewhere = Officials.of(world)
    elsewhere.client.node = replica
    answers = await asyncio.gather(
        officials.activate(first.policy_hash, replaces=officials.active), elsewhere.activate(second.policy_hash, replaces=officials.active)
    )
    assert sorted(answer.status for answer in answers) == [201, 409]
    assert {problem_of(answer).code for answer in answers if answer.status == 409} == {"activation-overtaken"}
    assert len(await starts(world)) == 2


async def test_of_the_same_activation_twice_at_once_one_is_taken(world: World, officials: Officials, replica: PrivacyNode) -> None:
    drafted = await officials.ready(forbid(element="assessments.results"))
    elsewhere = Officials.of(world)
    elsewhere.client.node = replica
    answers = await asyncio.gather(*(one.activate(drafted.policy_hash, replaces=officials.active) for one in (officials, elsewhere)))
    assert sorted(answer.status for answer in answers) == [201, 409]


async def test_a_set_is_compiled_before_its_start_on_a_replica_that_did_not_activate_it(
    world: World, officials: Officials, replica: PrivacyNode
) -> None:
    drafted = await officials.ready(forbid(element="assessments.results"))
    await officials.active_from(drafted.policy_hash, replaces=officials.active, at=world.node.clock() + timedelta(days=1))
    await replica.decide(world.by_transfer(await world.student()))
    sets = replica.app.state.policy_sets
    await sets.prepare(world.node.clock())
    coming = sets.at_hand(drafted.policy_hash)
    assert coming.policy_hash == drafted.policy_hash
    assert {"transfer"} <= {basis for basis, *_ in coming.grants.met()}, "and for what is asked there"


async def test_what_two_officials_approved_stays_in_force_over_a_restart(
    world: World, officials: Officials, store_url: str, node_keys: Path, clock: StandingClock
) -> None:
    drafted = await officials.ready(forbid(element="assessments.results"))
    activation = await officials.active_from(drafted.policy_hash, replaces=officials.active)
    clock.instant = activation.valid_from
    app = create_app(settings_for(store_url, node_keys), transports={"audit": InProcess()}, clock=clock)
    async with app.router.lifespan_context(app):
        again = PrivacyNode(app, clock, node_keys)
        decision = await again.decide(world.by_transfer(await world.student()))
        assert decision.policy_hash == drafted.policy_hash
        assert len(await starts(world)) == 2
