"""An audit service on each engine."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.audit.audit_node import AuditNode, migrated, running, sqlite_url
from tests.conftest import StandingClock


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
async def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    url: str = sqlite_url(tmp_path) if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    await migrated(url)
    return url


@pytest.fixture
async def node(store_url: str, node_keys: Path, clock: StandingClock) -> AsyncIterator[AuditNode]:
    async with running(store_url, node_keys, clock) as node:
        yield node
