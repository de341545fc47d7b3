"""A version with another engine decides nothing by a set of the old one: the operator hears of it before, and it does not start."""

from datetime import timedelta
from pathlib import Path

import pytest

from node.health import examine_service
from safepassage.problems.policy_sets import PolicySetNotUsable
from services.privacy import policy_sets
from services.privacy.app import create_app
from services.privacy.policy import PolicySetBroken
from services.privacy.policy.policy_set import ENGINE
from shared.siblings import InProcess
from tests.conftest import StandingClock
from tests.privacy.node import PrivacyNode, settings_for
from tests.privacy.officials import Officials, forbid
from tests.privacy.world import World

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("small_table")]


async def findings(node: PrivacyNode) -> dict[str, tuple[str, str, str]]:
    settings = node.app.state.settings
    return {one.what: (one.state, one.detail, one.remedy) async for one in examine_service("privacy", settings, now=node.clock())}


@pytest.mark.requirement("SETS-upgrade")
async def test_doctor_says_which_set_another_engine_cannot_use_and_what_to_do(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    node, officials = world.node, Officials.of(world)
    assert (await findings(node))["privacy: policies"] == ("good", "", "")
    active = officials.active
    ready = await officials.ready(forbid(element="assessments.results"))
    await officials.active_from(ready.policy_hash, replaces=active, at=node.clock() + timedelta(days=1))
    monkeypatch.setattr(policy_sets, "ENGINE", ENGINE + 1)
    state, detail, remedy = (await findings(node))["privacy: policies"]
    assert state == "bad"
    assert f"{active[:12]} decides: " in detail
    assert f"{ready.policy_hash[:12]} will decide: " in detail
    assert "it was made for engine" in detail
    assert "docs/policy-sets.md" in remedy


@pytest.mark.requirement("SETS-upgrade")
async def test_a_version_that_cannot_use_the_set_in_force_does_not_start(
    world: World, node_keys: Path, store_url: str, clock: StandingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    officials = Officials.of(world)
    active, ready = officials.active, await officials.ready(forbid(element="assessments.results"))
    await officials.active_from(ready.policy_hash, replaces=active)
    clock.advance(seconds=5)
    monkeypatch.setattr(policy_sets, "ENGINE", ENGINE + 1)
    app = create_app(settings_for(store_url, node_keys), transports={"audit": InProcess()}, clock=clock)
    with pytest.raises(PolicySetBroken, match=f"in force, {ready.policy_hash}.*made for engine"):
        async with app.router.lifespan_context(app):
            raise AssertionError("it started")


async def test_the_problem_says_what_to_do() -> None:
    remedy = PolicySetNotUsable.remedy
    assert "safepassage-node policies draft" in remedy
    assert "docs/policy-sets.md" in remedy
