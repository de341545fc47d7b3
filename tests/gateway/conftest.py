"""A house for each test, and the client that most of them use."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.gateway.settings import GatewaySettings
from tests.conftest import StandingClock
from tests.gateway.by_hand import Party
from tests.gateway.house import ISSUER, House, migrated, open_house


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory, node_keys: Path) -> Path:
    """A store at head with nothing in it, to be copied: migrating takes longer than most tests."""
    file = tmp_path_factory.mktemp("store") / "gateway.db"
    settings = GatewaySettings(entity_id=ISSUER, database_url=f"sqlite+inline:///{file}", keys_directory=node_keys / "gateway")
    asyncio.run(migrated(settings))
    return file


@pytest.fixture
async def house(tmp_path: Path, node_keys: Path, clock: StandingClock, empty_store: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path, node_keys, clock, template=empty_store) as opened:
        yield opened


@pytest.fixture
async def reader(house: House) -> Party:
    """A client of the state agency that may ask other states."""
    return await house.sea_party("exchange:request", "decisions:read")
