"""An audit service on each engine."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from node.keys import create_node_keys
from services.audit.verification import verify_store
from tests.audit.audit_node import AuditNode, migrated, running, settings_of, sqlite_url
from tests.audit.beside import Beside
from tests.audit.two_audits import BIRCH, HOSTS, Nodes, nodes_that_witness
from tests.conftest import StandingClock


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store at head that every test copies: the history takes half a second."""
    folder = tmp_path_factory.mktemp("audit-template")
    with ThreadPoolExecutor(1) as pool:
        pool.submit(lambda: asyncio.run(migrated(sqlite_url(folder)))).result()
    return folder / "audit.db"


@pytest.fixture
def sqlite_store(sqlite_template: Path, tmp_path: Path) -> Path:
    """The file of a new store."""
    return Path(shutil.copy(sqlite_template, tmp_path / "audit.db"))


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
async def store_url(request: pytest.FixtureRequest) -> str:
    if request.param == "sqlite":
        return sqlite_url(request.getfixturevalue("sqlite_store").parent)
    url: str = request.getfixturevalue("postgres_place")
    await migrated(url)
    return url


@pytest.fixture
async def node(store_url: str, node_keys: Path, clock: StandingClock) -> AsyncIterator[AuditNode]:
    async with running(store_url, node_keys, clock) as node:
        yield node


@pytest.fixture
async def beside(store_url: str, node_keys: Path, clock: StandingClock) -> AsyncIterator[Beside]:
    async with running(store_url, node_keys, clock, preparing_processes=1) as node:
        yield Beside(node)
    (report,) = await verify_store(settings_of(store_url, node_keys))
    assert report.log.newer == 0


@pytest.fixture(scope="session")
def three_keys(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("witnesses")
    for host in HOSTS:
        create_node_keys(folder / host)
    return [folder / host for host in HOSTS]


@pytest.fixture
def nodes(tmp_path: Path, sqlite_template: Path, three_keys: list[Path], clock: StandingClock) -> Nodes:
    return nodes_that_witness(tmp_path, sqlite_template, three_keys[:2], clock)


@pytest.fixture
def three(tmp_path: Path, sqlite_template: Path, three_keys: list[Path], clock: StandingClock) -> Nodes:
    return nodes_that_witness(tmp_path, sqlite_template, three_keys, clock, quorum=2)


@pytest.fixture
async def birch(nodes: Nodes) -> AsyncIterator[AuditNode]:
    async with nodes.up(BIRCH) as node:
        yield node
