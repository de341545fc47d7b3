"""Every page with its thing there, and whichever service does not answer: it is shown, or it says so; it never fails."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from shared.who_may_call import ServiceName
from tests.conftest import StandingClock
from tests.gateway.console.acting import pages_of_roles
from tests.gateway.console.consoles import Console, open_console
from tests.gateway.console.crossing import PEERS
from tests.gateway.console.emptiness import empty_pages
from tests.gateway.console.neighbours import FIR
from tests.gateway.console.sweeping import pages_under, template_of
from tests.silent_services import silent

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("small_table")]

BEHIND: tuple[ServiceName, ...] = ("audit", "privacy", "records")


@pytest.fixture
async def peopled(tmp_path: Path, clock: StandingClock) -> AsyncIterator[Console]:
    """A node that knows others."""
    async with open_console(tmp_path, clock, peers=PEERS, members=[FIR.member()]) as running:
        yield running


@pytest.mark.requirement("CON-unread")
async def test_whichever_service_is_silent_every_page_is_shown_or_says_so(peopled: Console) -> None:
    made = [shown async for shown in pages_of_roles(peopled)]
    assert pages_under("/console") - {template_of(path) for _, paths in made for path in paths} == set(), "pages that nobody goes to"
    statuses = {(path, ""): (await person.get(path)).status for person, paths in made for path in paths}
    assert {at: status for at, status in statuses.items() if status != 200} == {}
    for service in BEHIND:
        with silent(peopled.house.app, service):
            statuses |= {(path, service): (await person.get(path)).status for person, paths in made for path in paths}
    assert {at: status for at, status in statuses.items() if status not in (200, 503)} == {}


@pytest.mark.requirement("CON-unread")
async def test_with_little_or_nothing_on_them_too(peopled: Console) -> None:
    statuses: dict[tuple[str, str], int] = {}
    async for person, paths in empty_pages(peopled):
        for path in paths:
            statuses[path, ""] = (await person.get(path)).status
            for service in BEHIND:
                with silent(peopled.house.app, service):
                    statuses[path, service] = (await person.get(path)).status
    assert {at: status for at, status in statuses.items() if status != 200 and (status != 503 or at[1] == "")} == {}
