"""A privacy service for each test, on SQLite and (with a server) on PostgreSQL; audit is away unless a test starts it."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from services.privacy import app as privacy_app
from services.privacy import policy_checks
from services.privacy.app import create_app
from services.privacy.policy import PolicySet, load_policy_set
from services.privacy.policy_cases import built_in
from shared.siblings import InProcess
from tests.conftest import StandingClock
from tests.privacy.node import PrivacyNode, settings_for
from tests.privacy.world import World
from tests.stores import at_head


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Of a table of inputs that never reach the store, PostgreSQL takes one row: `one_row_on_postgresql`."""
    met: set[str] = set()
    kept, others = [], []
    for item in items:
        again = (
            item.get_closest_marker("one_row_on_postgresql") and item.get_closest_marker("postgres") and item.nodeid.split("[")[0] in met
        )
        (others if again else kept).append(item)
        if item.get_closest_marker("postgres"):
            met.add(item.nodeid.split("[")[0])
    config.hook.pytest_deselected(items=others)
    items[:] = kept


@pytest.fixture(scope="session")
def policy_set() -> PolicySet:
    """Immutable, and the same for every service of this version: read once."""
    return load_policy_set()


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file at head."""
    path = tmp_path_factory.mktemp("privacy") / "empty.db"
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, at_head("privacy", f"sqlite+inline:///{path}")).result()
    return path


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A store of its own, at head."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("empty_store"), tmp_path / "privacy.db")
        return f"sqlite+inline:///{tmp_path}/privacy.db"
    url: str = request.getfixturevalue("postgres_place")
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, at_head("privacy", url)).result()
    return url


@pytest.fixture
async def node(
    store_url: str, node_keys: Path, clock: StandingClock, policy_set: PolicySet, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[PrivacyNode]:
    """The service; nobody answers for audit."""
    monkeypatch.setattr(privacy_app, "load_policy_set", lambda: policy_set)
    app = create_app(settings_for(store_url, node_keys), transports={"audit": InProcess()}, clock=clock)
    async with app.router.lifespan_context(app):
        yield PrivacyNode(app, clock, node_keys)


@pytest.fixture
async def world(node: PrivacyNode) -> World:
    """Alder in small, on `node`."""
    return await World.on(node)


@pytest.fixture
def small_table(monkeypatch: pytest.MonkeyPatch) -> None:
    """The built-in table cut down, for tests that are about other steps than the tests of a set."""
    table = built_in()
    monkeypatch.setattr(policy_checks, "built_in", lambda: table._replace(cases=table.cases[:40]))


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A store in which nothing was made yet."""
    if request.param == "sqlite":
        return f"sqlite+inline:///{tmp_path}/privacy.db"
    url: str = request.getfixturevalue("postgres_url")
    return url
