"""A console in a real browser, with somebody signed in: for the tests of its pages, and for the gallery."""

import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

from services.gateway.console.navigation import MENU
from services.gateway.console.viewing import Language
from services.gateway.people.roles import Role
from shared.clock import system_clock
from tests.chromium import Page, browser
from tests.conftest import StandingClock
from tests.gateway.console.consoles import HOSTILE, Console, open_console
from tests.gateway.console.crossing import PEERS
from tests.gateway.console.neighbours import FIR
from tests.gateway.door.production import serving
from tests.gateway.people.signing_in import Browser

PATHS = [place.path for _, places in MENU for place in places]


@dataclass
class Looked:
    """A node that answers at a port, and a browser whose person is signed in."""

    console: Console
    page: Page
    origin: str

    async def go(self, path: str) -> None:
        """Go to a page, and wait until it is there."""
        await self.page.open(f"{self.origin}{path}")
        await self.there(path)

    async def there(self, path: str) -> None:
        """Wait for a page."""
        where = f"location.pathname + location.search === {json.dumps(path)}"
        await self.page.until(f"{where} && document.readyState === 'complete' && document.querySelector('h1') !== null")

    async def sign_in(self, role: Role) -> None:
        """From now on the browser is somebody's of `role`."""
        await self.see_as(await self.console.browser(role, display_name="Ngọc Hân Nguyễn-Hernández de la Cruz Montgomery"))

    async def see_as(self, person: Browser) -> None:
        """From now on the browser is this person's."""
        await self.page.tab.context.clear_cookies()
        await self.page.tab.context.add_cookies(
            [{"name": name, "value": value, "url": self.origin} for name, value in person.cookies.items()]
        )

    async def speak(self, language: Language) -> None:
        """From now on pages are in a language."""
        await self.page.ask("Network.setCookie", name="language", value=language, url=self.origin)

    async def fill(self, **form: str) -> None:
        """Fill the form of an act's page in."""
        for name, value in form.items():
            await self.page.value(f"document.querySelector('form.act [name={name}]').value = {json.dumps(value)}")

    async def send(self, **form: str) -> None:
        """Fill it in, and press its button."""
        await self.fill(**form)
        await self.page.value("window.before = 1; document.querySelector('form.act .button').click()")
        await self.page.until("window.before === undefined && document.readyState === 'complete' && document.querySelector('h1') !== null")

    async def size(self, width: int, *, scheme: Literal["light", "dark"] = "light") -> None:
        """Width of the window in CSS pixels; light or dark."""
        await self.page.tab.set_viewport_size({"width": width, "height": 900})
        await self.page.tab.emulate_media(color_scheme=scheme)

    async def photograph(self, file: Path) -> None:
        """The whole page, as PNG, without a bar to scroll it by, for which it would be cut off."""
        await self.page.ask("Emulation.setScrollbarsHidden", hidden=True)
        await self.page.tab.screenshot(path=file, full_page=True)

    async def press(self, key: str) -> None:
        """A key of the keyboard."""
        await self.page.tab.keyboard.press(key)


@asynccontextmanager
async def looking(folder: Path, *, role: Role = "auditor", name: str = f"Department of Education {HOSTILE}") -> AsyncIterator[Looked]:
    """A new node in `folder`, and a browser in which somebody of `role` is signed in."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    clock = cast("StandingClock", system_clock)  # the browser has a clock of its own
    async with open_console(folder, clock, name=name, port=port, peers=PEERS, members=[FIR.member()]) as console:  # noqa: SIM117 the gallery's node serves first
        async with serving(console.house.app, port=port), browser() as page:
            await page.open("about:blank")
            looked = Looked(console, page, f"http://127.0.0.1:{port}")
            await looked.sign_in(role)
            yield looked
