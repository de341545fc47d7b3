"""The console in a real browser: axe-core finds nothing, nothing scrolls sideways, the keyboard is enough, and so is no script."""

import json
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest

from services.gateway.console.navigation import MENU
from shared.clock import system_clock
from tests.chromium import Page, browser
from tests.conftest import StandingClock
from tests.gateway.console.consoles import HOSTILE, Console, open_console
from tests.gateway.console.crossing import CEDAR, PEERS, received, refused, sent
from tests.gateway.console.foreign import more_paths
from tests.gateway.console.test_pages import one_duty
from tests.gateway.door.production import serving
from tests.gateway.people.test_pages_in_a_browser import AXE, RULES

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

PATHS = [place.path for _, places in MENU for place in places]


@dataclass
class Looked:
    """A node that answers at a port, and a browser whose person is signed in."""

    console: Console
    page: Page
    origin: str

    async def go(self, path: str) -> None:
        """Go to a page, and wait until it is there."""
        await self.page.ask("Page.navigate", url=f"{self.origin}{path}")
        await self.there(path)

    async def there(self, path: str) -> None:
        """Wait for a page."""
        where = f"location.pathname + location.search === {json.dumps(path)}"
        await self.page.until(f"{where} && document.readyState === 'complete' && document.querySelector('h1') !== null")

    async def press(self, key: str, *, code: int = 0, text: str = "") -> None:
        """A key of the keyboard."""
        about = {"key": key, "code": key, "windowsVirtualKeyCode": code}
        await self.page.ask("Input.dispatchKeyEvent", type="keyDown", text=text, **about)
        await self.page.ask("Input.dispatchKeyEvent", type="keyUp", **about)


@pytest.fixture
async def looked(tmp_path: Path) -> AsyncIterator[Looked]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    clock = cast("StandingClock", system_clock)  # the browser has a clock of its own
    async with open_console(tmp_path, clock, name=f"Department of Education {HOSTILE}", port=port, peers=PEERS) as console:
        person = await console.browser("auditor", display_name="Ngọc Hân Nguyễn-Hernández de la Cruz Montgomery")
        async with serving(console.house.app, port=port), browser(tmp_path / "profile") as page:
            origin = f"http://127.0.0.1:{port}"
            await page.open("about:blank")
            for name, value in person.cookies.items():
                await page.ask("Network.setCookie", name=name, value=value, url=origin)
            yield Looked(console, page, origin)


async def something_crossed(console: Console) -> None:
    """Out and in, and some that was refused."""
    await sent(console, 3)
    await received(console, 2, sender=CEDAR, purpose="safety")
    await refused(console, 4)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1440])
async def test_axe_finds_nothing_on_any_page_with_data_and_without(looked: Looked, width: int, scheme: str) -> None:
    page = looked.page
    await page.ask("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
    await page.ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
    axe, more = AXE.read_text(), list[str]()
    for with_data in (False, True):
        if with_data:
            await one_duty(looked.console)
            await something_crossed(looked.console)
            more = [path for made in more_paths().values() for path in await made(looked.console)]
        for path in (*PATHS, *more, "/console/duties?state=all", "/console/duties?kind=none"):
            await looked.go(path)
            await page.value(axe + "; undefined")
            found: Any = await page.value(f"axe.run(document, {{runOnly: {json.dumps(RULES)}}})")
            assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found["violations"]] == [], path
            assert await page.value("document.documentElement.scrollWidth") <= width, path
    blocked = [one for one in page.complaints if "status of 422" not in one]  # the answer to a kind that is none
    assert blocked == [], "an error of a script, or something that the content security policy does not let run"


async def test_a_filter_changes_its_region_alone_and_back_brings_it_back(looked: Looked) -> None:
    page = looked.page
    await one_duty(looked.console)
    await looked.go("/console/duties")
    await page.value("window.kept = 1; document.getElementById('state').value = 'done'")
    await page.value("document.querySelector('.filters .button').click()")
    await page.until("location.search === '?state=done' && document.getElementById('said').textContent === 'No duties'")
    assert await page.value("window.kept") == 1, "the page was not left"
    await page.value("history.back()")
    await page.until("location.search === '' && document.querySelectorAll('tbody tr').length === 1")
    assert await page.value("window.kept") == 1
    assert page.complaints == []


async def test_everything_is_reached_by_the_keyboard_and_the_first_stop_skips_the_menu(looked: Looked) -> None:
    await looked.go("/console")
    await looked.press("Tab", code=9)
    assert await looked.page.value("document.activeElement.getAttribute('href')") == "#main"
    await looked.press("Enter", code=13, text="\r")
    await looked.page.until("document.activeElement.id === 'main'")
    await looked.press("Tab", code=9)
    assert await looked.page.value("document.querySelector('main').contains(document.activeElement)")


async def test_on_a_phone_the_menu_opens_and_escape_gives_the_focus_back_without_any_script(looked: Looked) -> None:
    await looked.page.ask("Emulation.setDeviceMetricsOverride", width=320, height=640, deviceScaleFactor=1, mobile=False)
    await looked.go("/console")
    await looked.page.ask("Emulation.setScriptExecutionDisabled", value=True)
    await looked.page.value("document.querySelector('.menu-button').focus()")
    await looked.press("Enter", code=13, text="\r")
    await looked.page.until("document.getElementById('nav').matches(':popover-open')")
    await looked.press("Escape", code=27)
    await looked.page.until("!document.getElementById('nav').matches(':popover-open')")
    assert await looked.page.value("document.activeElement.className") == "menu-button"


async def test_a_session_that_has_ended_leads_to_sign_in_and_never_into_a_panel(looked: Looked) -> None:
    await looked.go("/console/duties")
    await looked.page.ask("Network.clearBrowserCookies")
    await looked.page.value("document.querySelector('.filters .button').click()")
    await looked.page.until("location.pathname === '/sign-in'")
