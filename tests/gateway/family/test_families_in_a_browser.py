"""Families' pages in a real browser: axe-core finds nothing, nothing scrolls sideways, and neither a scanner nor a script uses a link."""

import json
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import pytest

from services.gateway.family.new_consent import PATH as NEW_CONSENT
from shared.clock import system_clock
from shared.contracts.privacy import SubjectFacts
from tests.axe import found_by_axe
from tests.chromium import Page, browser
from tests.conftest import StandingClock
from tests.gateway.console.consoles import HOSTILE, open_console
from tests.gateway.console.crossing import PEERS
from tests.gateway.console.sweeping import CROSSED, WIDTHS, faults, missed_by_keyboard, pages_under, template_of
from tests.gateway.console.test_every_page import IDENTIFIER
from tests.gateway.console.test_today import silence
from tests.gateway.door.production import serving
from tests.gateway.family.families import Families
from tests.gateway.family.sweep import PATHS, something_said
from tests.gateway.family.test_new_consent import vendor

pytestmark = [pytest.mark.anyio, pytest.mark.browser]


CHOOSE = """
document.querySelector('#who').selectedIndex = document.querySelector('#who').options.length - 1;
for (const name of ['use', 'time', 'data.identity.name', 'data.academics.transcript']) document.getElementsByName(name)[0].checked = true
"""


@dataclass
class Seen:
    """A node that answers at a port, one of its students, and a browser."""

    families: Families
    facts: SubjectFacts
    page: Page
    origin: str

    async def go(self, path: str) -> None:
        """Go to a page, and wait until it is there."""
        await self.page.ask("Page.navigate", url=f"{self.origin}{path}")
        await self.at(path)

    async def at(self, path: str) -> None:
        """Wait for a page, whole."""
        where = f"location.pathname === {json.dumps(path.partition('#')[0])}"
        await self.page.until(f"{where} && document.readyState === 'complete' && document.querySelector('h1') !== null")

    async def come(self) -> None:
        """By a link and its button."""
        link = (await self.families.link(self.facts)).link
        await self.go(link.removeprefix(self.origin))
        await self.page.until("document.querySelector('#pasted').hidden")
        await self.page.value("document.querySelector('main .button').click()")
        await self.at("/family")


@pytest.fixture
async def seen(tmp_path: Path) -> AsyncIterator[Seen]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    clock = cast("StandingClock", system_clock)  # the browser has a clock of its own
    async with open_console(tmp_path, clock, name=f"Department of Education {HOSTILE}", port=port, peers=PEERS) as console:
        families = Families(console)
        facts = await families.student()
        async with serving(console.house.app, port=port), browser() as page:
            await page.open("about:blank")
            yield Seen(families, facts, page, f"http://127.0.0.1:{port}")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1440])
async def test_axe_finds_nothing_on_any_page_with_data_and_without(seen: Seen, width: int, scheme: str) -> None:
    page = seen.page
    await page.ask("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
    await page.ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
    more = list[str]()
    await seen.come()
    for with_data in (False, True):
        if with_data:
            more = await something_said(seen.families, seen.facts)
        for path in ("/family/link", "/family/left", *PATHS, *more):
            await seen.go(path)
            if path == "/family":
                await page.value("document.querySelectorAll('details').forEach(one => { one.open = true })")
            assert await found_by_axe(page) == [], path
            assert await page.value("document.documentElement.scrollWidth") <= width, path
    assert {template_of(path) for path in ("/family/link", "/family/left", *PATHS, *more)} == pages_under("/family")
    assert page.complaints == [], "an error of a script, or something that the content security policy does not let run"


async def test_every_control_is_reached_by_the_keyboard_and_a_page_whose_thing_or_whose_service_is_not_there_says_so(seen: Seen) -> None:
    wrong: list[Any] = []
    more = await something_said(seen.families, seen.facts)
    await seen.come()
    for path in ("/family/link", "/family/left", *PATHS, *more):
        for width in WIDTHS:
            await seen.page.tab.set_viewport_size({"width": width, "height": 900})
            await seen.go(path)
            wrong += await missed_by_keyboard(seen.page, path)
    for path in (IDENTIFIER.sub(str(uuid4()), template) for template in sorted(pages_under("/family"))):
        await seen.go(path)
        wrong += await faults(seen.page, path, CROSSED)
    silence(seen.families.console, "audit", "privacy", "records")
    for path in ("/family/link", "/family/left", *PATHS, *more):
        await seen.go(path)
        wrong += await faults(seen.page, path, CROSSED)
    assert wrong == []
    assert [one for one in seen.page.complaints if not any(f"status of {status}" in one for status in (404, 422, 503))] == []


@pytest.mark.parametrize("width", [320, 1440])
async def test_axe_finds_nothing_on_what_a_yes_is_shown_as_and_the_button_gives_it(seen: Seen, width: int) -> None:
    page = seen.page
    await page.ask("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
    await vendor(seen.families, f"Lantern {HOSTILE} {'of the whole wide world ' * 4}".strip())
    await seen.come()
    await seen.go(NEW_CONSENT)
    for step, heading in (
        ("document.querySelector('#who').required = false", "Nothing was changed"),
        (CHOOSE, "This is all of it"),
        ("document.querySelector('[name=sure]').checked = true", ""),
    ):
        await page.value(f"{step}; window.before = 1; document.querySelector('main .button').click()")
        await page.until("window.before === undefined && document.readyState === 'complete' && document.querySelector('h1') !== null")
        assert heading in await page.value("document.querySelector('main').textContent")
        assert await found_by_axe(page) == [], heading
        assert await page.value("document.documentElement.scrollWidth") <= width, heading
    assert await page.value("location.pathname + location.search") == "/family/choices?done=yes"
    assert [one for one in page.complaints if "status of 422" not in one] == []


async def test_the_links_script_sends_nothing_and_leaves_nothing_in_the_address(seen: Seen) -> None:
    link = (await seen.families.link(seen.facts)).link
    await seen.go(link.removeprefix(seen.origin))
    await seen.page.until("document.querySelector('#pasted').hidden")
    assert await seen.page.value("location.hash") == ""
    stranger = seen.families.stranger()
    assert (await stranger.use(link)).status == 303, "opened, and not used"
    await seen.page.value("document.querySelector('main .button').click()")
    await seen.page.until("document.querySelector('h1')?.textContent === 'This link does not work any more'")


async def test_without_a_script_a_link_is_pasted_and_everything_works(seen: Seen) -> None:
    link = (await seen.families.link(seen.facts)).link
    await seen.page.ask("Emulation.setScriptExecutionDisabled", value=True)
    await seen.go("/family/link")
    await seen.page.value(f"document.querySelector('#link').value = {json.dumps(link)}")
    await seen.page.value("document.querySelector('main .button').click()")
    await seen.at("/family")
    await seen.page.value("document.querySelector('.language button[value=es]').click()")
    await seen.page.until("document.documentElement?.lang === 'es' && location.pathname === '/family'")
    await seen.page.value("document.querySelector('.foot .button').click()")
    await seen.at("/family/left")
