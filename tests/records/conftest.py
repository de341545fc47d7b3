"""A node, made and started once for the tests of a module; each test finds it without students."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import delete

from services.records.lookup import LookupLimit
from services.records.tables import IdempotencyRow, KeptRosterRow, LoadRow, MatchReviewRow, OutboxRow, PseudonymRow, StudentRow
from tests.conftest import StandingClock
from tests.records.one_state import OneState, make_state, one_state

NOON = datetime(2026, 10, 20, 12, 0, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """For fixtures that outlive a test."""
    return "asyncio"


@pytest.fixture(scope="session")
def made_state(tmp_path_factory: pytest.TempPathFactory, node_keys: Path) -> Path:
    """Folder of a node with organisations and no student; for copying only."""
    folder = tmp_path_factory.mktemp("alder")
    with ThreadPoolExecutor(1) as pool:
        pool.submit(lambda: asyncio.run(make_state(folder, node_keys, StandingClock(NOON)))).result()
    return folder


@pytest.fixture(scope="module")
async def running(made_state: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[OneState]:
    """Alder's node, running."""
    folder = tmp_path_factory.mktemp("running") / "alder"
    shutil.copytree(made_state, folder)
    async with one_state(folder, StandingClock(NOON)) as state:
        yield state


@pytest.fixture
async def alder(running: OneState) -> OneState:
    """Alder's node with its organisations and no student."""
    state = running.records.state
    async with state.database.transaction() as tx:
        for row in (OutboxRow, MatchReviewRow, PseudonymRow, IdempotencyRow, LoadRow, KeptRosterRow, StudentRow):
            await tx.execute(delete(row))
    state.lookup_limit = LookupLimit()
    return running
