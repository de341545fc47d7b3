"""Duties and exchanges keep their names when the key of decisions is replaced."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import delete, select

from services.privacy.app import create_app
from services.privacy.tables import DutyRow, NamingKeyRow
from shared.keys import SigningKey
from shared.siblings import InProcess
from tests.conftest import StandingClock
from tests.privacy.node import PrivacyNode, settings_for
from tests.privacy.rights import Staff
from tests.privacy.test_served_duties import reached
from tests.privacy.world import World

pytestmark = pytest.mark.anyio


@pytest.fixture
def own_keys(node_keys: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(node_keys, tmp_path / "keys"))


@asynccontextmanager
async def running(url: str, keys: Path, clock: StandingClock) -> AsyncIterator[World]:
    app = create_app(settings_for(url, keys), transports={"audit": InProcess()}, clock=clock)
    async with app.router.lifespan_context(app):
        yield await World.on(PrivacyNode(app, clock, keys))


def replace_decision_key(keys: Path) -> None:
    file = keys / "privacy" / "decision-signing.json"
    file.unlink()
    SigningKey.generate().save(file)


@pytest.mark.requirement("DUTY-served")
async def test_a_duty_is_the_same_and_ends_with_its_receipt_under_another_key_of_decisions(
    store_url: str, own_keys: Path, clock: StandingClock
) -> None:
    async with running(store_url, own_keys, clock) as world:
        asked = world.by_transfer(facts := await world.student(flags=frozenset({"homeless"})))
        await world.node.decide(asked)
        (name,) = await names(world)
    replace_decision_key(own_keys)
    async with running(store_url, own_keys, clock) as again:
        again.parents = world.parents
        await again.node.decide(asked.model_copy(update={"subjects": again.versions(facts)}))
        assert await names(again) == [name], "asked again, the clock of then runs on"
        assert asked.exchange_id is not None
        assert (await reached(again, asked.exchange_id, "delivered")).status == 204
        assert [duty.id for duty in await Staff(again, world.oak).duties("state=done")] != []


async def test_where_duties_were_named_by_the_key_of_decisions_that_key_goes_on_naming(
    store_url: str, own_keys: Path, clock: StandingClock
) -> None:
    """A store of a version before: names by the key of decisions, and no naming key yet."""
    before = SigningKey.load(own_keys / "privacy" / "decision-signing.json")
    async with running(store_url, own_keys, clock) as world:
        assert world.node.app.state.judge.naming.kid != before.kid, "a new store has a key of its own"
        await world.node.decide(world.by_transfer(await world.student(flags=frozenset({"homeless"}))))
        async with world.node.app.state.database.transaction() as tx:
            await tx.execute(delete(NamingKeyRow))
    async with running(store_url, own_keys, clock) as after:
        assert after.node.app.state.judge.naming.kid == before.kid
    replace_decision_key(own_keys)
    async with running(store_url, own_keys, clock) as later:
        assert later.node.app.state.judge.naming.kid == before.kid
        assert later.node.app.state.judge.key.kid != before.kid


async def names(world: World) -> list[str]:
    async with world.node.app.state.database.reading() as tx:
        return list((await tx.scalars(select(DutyRow.key))).all())
