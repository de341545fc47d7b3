"""One node for the tests of a module's pages."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.conftest import StandingClock
from tests.gateway.console.consoles import Console, open_console
from tests.gateway.console.decided import cut_down


@pytest.fixture
async def console(tmp_path: Path, clock: StandingClock) -> AsyncIterator[Console]:
    """A node in which nothing has happened yet."""
    async with open_console(tmp_path, clock) as running:
        yield running


@pytest.fixture
def small_table(monkeypatch: pytest.MonkeyPatch) -> None:
    """The built-in table of cases cut down, for what is not about it."""
    cut_down(monkeypatch)
