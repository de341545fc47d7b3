"""The pages of people in a real browser: axe-core finds nothing, no script is blocked or needed, nothing scrolls sideways."""

import json
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest

from services.gateway.console.viewing import Language
from services.gateway.people.pages import translations
from shared.clock import system_clock
from tests.axe import found_by_axe
from tests.chromium import Page, browser
from tests.conftest import StandingClock
from tests.gateway.door.production import serving
from tests.gateway.house import House, open_house
from tests.gateway.people.openid_provider import OpenIdProvider

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

PAGES = {
    "/sign-in?back=/signed-in": "Sign in",
    "/sign-in?step=up": "Confirm that it is you",
    "/sign-in/link": "Come in by a link",
    "/sign-in/callback": "This sign-in is not under way",
    "/signed-out": "You are signed out",
    "/signed-out?state=everywhere": "You are signed out",
    "/signed-in": "You are signed in",
}


@dataclass
class Seen:
    """A node that answers at a port, its provider, and a browser."""

    house: House
    provider: OpenIdProvider
    page: Page

    @property
    def origin(self) -> str:
        """The node's."""
        return self.house.settings.entity_id

    async def go(self, path: str) -> None:
        """Go to a page of the node, and wait until it is there."""
        await self.page.ask("Page.navigate", url=f"{self.origin}{path}")
        await self.at(path.partition("?")[0])

    async def at(self, path: str, *, query: str = "") -> None:
        """Wait until the browser shows a page of the node, whole. `query`: with its question mark, where it matters."""
        there = f"location.pathname === {json.dumps(path)} && location.search.endsWith({json.dumps(query)})"
        await self.page.until(f"{there} && document.readyState === 'complete' && document.querySelector('h1') !== null")

    async def heading(self) -> str:
        """What the page is called."""
        return str(await self.page.value("document.querySelector('h1').textContent"))

    async def click(self, selector: str) -> None:
        """As a person does: with the mouse, so that a page without scripts is clicked too."""
        box: Any = await self.page.value(
            f"(() => {{ const b = document.querySelector({json.dumps(selector)}).getBoundingClientRect();"
            " return [b.x + b.width / 2, b.y + b.height / 2] })()"
        )
        for kind in ("mousePressed", "mouseReleased"):
            await self.page.ask("Input.dispatchMouseEvent", type=kind, x=box[0], y=box[1], button="left", clickCount=1)

    async def sign_in(self) -> None:
        """From the first page to the last."""
        await self.go("/sign-in")
        await self.click("main a.button")
        await self.at("/signed-in")


@pytest.fixture
async def seen(tmp_path: Path, node_keys: Path, empty_store: Path, peoples: dict[str, Any]) -> AsyncIterator[Seen]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    now = cast("StandingClock", system_clock)  # the browser has a clock of its own
    provider = OpenIdProvider(system_clock)
    provider.node = f"http://127.0.0.1:{port}"
    async with serving(provider) as its_port:
        provider.issuer = f"http://127.0.0.1:{its_port}"
        settings = peoples | {"entity_id": provider.node, "people_issuer": provider.issuer, "insecure_development": True}
        async with open_house(tmp_path, node_keys, now, template=empty_store, **settings) as house:
            await house.organisation("sea", name="Department of Education and Early Learning")
            async with serving(house.app, port=port), browser() as page:
                await page.open("about:blank")
                yield Seen(house, provider, page)


@pytest.mark.requirement("DOOR-people")
async def test_a_person_signs_in_and_out_with_nothing_but_clicks_and_without_scripts(seen: Seen) -> None:
    await seen.page.ask("Emulation.setScriptExecutionDisabled", value=True)
    await seen.sign_in()
    assert await seen.heading() == "You are signed in"
    await seen.click("form button")
    await seen.at("/signed-out")
    await seen.click("main a.button")
    await seen.at("/signed-out", query="?state=everywhere")
    await seen.go("/signed-out")
    await seen.page.ask("Page.navigate", url=f"{seen.origin}/signed-in")
    await seen.at("/sign-in")
    assert seen.page.complaints == []


async def test_the_operators_link_opens_the_node_and_leaves_no_secret_in_the_address_bar(seen: Seen) -> None:
    link = await seen.house.hand.make_console_link()
    await seen.page.ask("Page.navigate", url=link)
    await seen.at("/signed-in")
    history: Any = await seen.page.ask("Page.getNavigationHistory")
    assert all("#" not in entry["url"] for entry in history["entries"]), history
    assert seen.page.complaints == []


async def test_no_page_is_shown_in_a_frame(seen: Seen) -> None:
    await seen.sign_in()
    await seen.go("/signed-out")
    await seen.page.value(
        "new Promise(done => { const frame = document.createElement('iframe'); frame.onload = done; frame.src = '/signed-in';"
        " document.body.append(frame) })"
    )
    framed = "document.querySelector('iframe').contentDocument?.querySelector('h1')?.textContent"
    assert await seen.page.value(framed) is None


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("width", "language"), [(320, "en"), (1440, "en"), (320, "es")])
async def test_axe_finds_nothing_on_any_page(seen: Seen, width: int, language: Language, scheme: str) -> None:
    await seen.page.ask("Network.setCookie", name="language", value=language, url=seen.origin)
    await seen.page.ask("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
    await seen.page.ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
    seen.provider.next["name"] = "Ngọc Hân Nguyễn-Hernández de la Cruz Montgomery"
    await seen.sign_in()
    for path, heading in PAGES.items():
        await seen.go(path)
        assert await seen.heading() == translations(language).gettext(heading)
        assert await found_by_axe(seen.page) == [], path
        assert await seen.page.value("document.documentElement.scrollWidth") <= width, path
    blocked = [one for one in seen.page.complaints if "status of 400" not in one]  # the answer to a sign-in that is not under way
    assert blocked == [], "an error of a script, or something that the content security policy does not let run"


async def test_all_that_is_wrong_with_a_page_is_found(seen: Seen) -> None:
    await seen.go("/sign-in?back=/signed-in")
    assert await found_by_axe(seen.page) == []
    await seen.page.value("document.documentElement.removeAttribute('lang')")
    await seen.page.value("document.querySelector('main').insertAdjacentHTML('beforeend', '<img class=one><img class=two>')")
    await seen.page.value("(one => { one.style.color = '#bbb'; one.style.backgroundColor = '#fff' })(document.querySelector('main p'))")
    found = dict(await found_by_axe(seen.page))
    assert set(found) == {"html-has-lang", "image-alt", "color-contrast"}
    assert found["image-alt"] == ['<img class="one">', '<img class="two">']
    assert await found_by_axe(seen.page, **{"color-contrast": {"enabled": False}}) == [
        one for one in found.items() if one[0] != "color-contrast"
    ]
