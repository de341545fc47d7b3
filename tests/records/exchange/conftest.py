"""Two states, made once and copied for each test that needs its own."""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from node.demo.processes import free_port
from shared.clock import system_clock
from tests.conftest import StandingClock
from tests.records.exchange.two_states import TwoStates, template, two_states


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """For fixtures that outlive a test."""
    return "asyncio"


@pytest.fixture(scope="session")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders of two nodes that trust each other; for copying only."""
    folder = tmp_path_factory.mktemp("network")
    with ThreadPoolExecutor(1) as pool:
        pool.submit(lambda: asyncio.run(template(folder, (free_port(), free_port())))).result()
    return folder


@pytest.fixture(scope="module")
async def states(network: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[TwoStates]:
    """Alder and Birch, shared by a module: a test leaves them as it found them, and takes children of its own."""
    async with two_states(network, tmp_path_factory.mktemp("shared"), StandingClock(system_clock())) as running:
        yield running


@pytest.fixture
async def own_states(network: Path, tmp_path: Path) -> AsyncIterator[TwoStates]:
    """Alder and Birch of this test alone, which may break them. Not in a module that uses `states`: the addresses are the same."""
    async with two_states(network, tmp_path / "states", StandingClock(system_clock())) as running:
        yield running
