"""A house in which people sign in."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.conftest import StandingClock
from tests.gateway.house import House, open_house
from tests.gateway.people.signing_in import PEOPLE


@pytest.fixture
async def peopled(tmp_path: Path, node_keys: Path, clock: StandingClock, empty_store: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path, node_keys, clock, template=empty_store, **PEOPLE) as opened:
        yield opened
