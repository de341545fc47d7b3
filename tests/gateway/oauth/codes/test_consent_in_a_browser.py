"""The page on which a person is asked, in a real browser: it works by clicks alone, leads to the application, and axe finds nothing."""

import asyncio

import pytest
from starlette.types import Receive, Scope, Send

from tests.axe import found_by_axe
from tests.gateway.door.production import serving
from tests.gateway.oauth.codes.flow import Application, application
from tests.gateway.people.test_pages_in_a_browser import Seen
from tests.gateway.people.test_pages_in_a_browser import seen as seen

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

LOOPBACK = {
    "redirect_uris": ("http://127.0.0.1/callback",),
    "grant_types": ("client_credentials", "authorization_code", "refresh_token"),
}


class Listener:
    """The application's own end of the round, on a port of the loopback."""

    def __init__(self) -> None:
        self.came: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/callback" and not self.came.done():
            self.came.set_result(scope["query_string"].decode())
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]})
        await send({"type": "http.response.body", "body": b"<!doctype html><title>Back</title><h1>Back</h1>"})


async def _application(seen: Seen) -> Application:
    app = await application(seen.house, "audit:search", "audit:export", "decisions:read", "alerts:read", registered=LOOPBACK)
    app.party.issuer = seen.origin
    return app


@pytest.mark.requirement("DOOR-consent")
async def test_a_person_agrees_with_nothing_but_clicks_and_is_led_to_the_application(seen: Seen) -> None:
    await seen.page.ask("Emulation.setScriptExecutionDisabled", value=True)
    await seen.page.ask("Emulation.setDeviceMetricsOverride", width=1024, height=1400, deviceScaleFactor=1, mobile=False)
    listener, app = Listener(), await _application(seen)
    async with serving(listener) as port:
        callback = f"http://127.0.0.1:{port}/callback"
        await seen.page.ask("Page.navigate", url=seen.origin + app.page(await app.pushed(redirect_uri=callback)))
        await seen.at("/sign-in")
        await seen.click("main a.button")
        await seen.at("/oauth/authorize")
        await seen.click("button[value=approve]")
        async with asyncio.timeout(20):
            came = dict(pair.split("=") for pair in (await listener.came).split("&"))
    assert (set(came), came["state"]) == ({"code", "state", "iss"}, app.state)
    answer = await app.exchange(came["code"], redirect_uri=callback)
    assert answer.status == 200, answer
    assert [one for one in seen.page.complaints if "favicon" not in one] == [], "the application has none"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1440])
async def test_axe_finds_nothing_on_the_page(seen: Seen, width: int, scheme: str) -> None:
    await seen.page.ask("Emulation.setDeviceMetricsOverride", width=width, height=1100, deviceScaleFactor=1, mobile=False)
    await seen.page.ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
    seen.provider.next["name"] = "Ngọc Hân Nguyễn-Hernández de la Cruz Montgomery"
    await seen.sign_in()
    app = await _application(seen)
    await seen.go(app.page(await app.pushed(redirect_uri="http://127.0.0.1:9/callback")))
    assert (await seen.heading()).startswith("May A client act for you?")
    assert await found_by_axe(seen.page) == []
    assert await seen.page.value("document.documentElement.scrollWidth") <= width
    assert seen.page.complaints == []
