"""A house for each test, and the client that most of them use."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.conftest import StandingClock
from tests.gateway.by_hand import Party
from tests.gateway.house import House, open_house


@pytest.fixture
async def house(tmp_path: Path, node_keys: Path, clock: StandingClock) -> AsyncIterator[House]:
    async with open_house(tmp_path, node_keys, clock) as opened:
        yield opened


@pytest.fixture
async def reader(house: House) -> Party:
    """A client of the state agency that may ask other states."""
    return await house.sea_party("exchange:request", "decisions:read")
