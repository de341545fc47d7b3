"""An audit service on each engine."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.audit.audit_node import AuditNode, migrated, running, sqlite_url
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
    url: str = request.getfixturevalue("postgres_url")
    await migrated(url)
    return url


@pytest.fixture
async def node(store_url: str, node_keys: Path, clock: StandingClock) -> AsyncIterator[AuditNode]:
    async with running(store_url, node_keys, clock) as node:
        yield node
