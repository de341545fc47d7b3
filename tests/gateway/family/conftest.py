"""One node for the tests of families' pages."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.conftest import StandingClock
from tests.gateway.console.consoles import open_console
from tests.gateway.console.crossing import PEERS
from tests.gateway.family.families import Families


@pytest.fixture
async def families(tmp_path: Path, clock: StandingClock) -> AsyncIterator[Families]:
    async with open_console(tmp_path, clock, peers=PEERS) as console:
        yield Families(console)
