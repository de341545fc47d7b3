"""Two states, made once and copied for each test."""

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
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders of two nodes that trust each other; for copying only."""
    folder = tmp_path_factory.mktemp("network")
    with ThreadPoolExecutor(1) as pool:
        pool.submit(lambda: asyncio.run(template(folder, (free_port(), free_port())))).result()
    return folder


@pytest.fixture
async def states(network: Path, tmp_path: Path) -> AsyncIterator[TwoStates]:
    """Alder and Birch, running, with a clock that stands."""
    clock = StandingClock(system_clock())
    async with two_states(network, tmp_path / "states", clock) as running:
        yield running
