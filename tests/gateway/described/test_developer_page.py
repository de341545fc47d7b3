"""The page of developers: where it is served, what it may run, and that what is tried there really is answered."""

import json
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pytest

from services.gateway.described.routes import ASSETS, MEDIA_TYPES
from shared.clock import system_clock
from tests.chromium import Page, browser
from tests.conftest import StandingClock
from tests.gateway.by_hand import Party, ask
from tests.gateway.door.production import serving
from tests.gateway.house import House, open_house

pytestmark = pytest.mark.anyio


@pytest.mark.requirement("DOOR-described")
async def test_in_production_there_is_no_such_page_unless_it_is_asked_for(
    tmp_path: Path, node_keys: Path, clock: StandingClock, empty_store: Path
) -> None:
    for settings, status in (({}, 404), ({"developer_page": True}, 200), ({"insecure_development": True}, 200)):
        folder = tmp_path / str(status) / str(len(settings)) / "".join(settings)
        folder.mkdir(parents=True)
        async with open_house(folder, node_keys, clock, template=empty_store, **settings) as house:
            for path in ("/docs", "/docs/page.js", "/docs/swagger-ui-bundle.js"):
                assert (await ask(house.app, "GET", path)).status == status, path
            assert (await ask(house.app, "GET", "/openapi.json")).status == 200


async def test_it_serves_its_own_files_and_no_other(tmp_path: Path, node_keys: Path, clock: StandingClock, empty_store: Path) -> None:
    assert {path.name for path in ASSETS.iterdir()} == {*MEDIA_TYPES, "swagger-ui.LICENSE.txt"}
    async with open_house(tmp_path, node_keys, clock, template=empty_store, developer_page=True) as house:
        for name in ("swagger-ui.LICENSE.txt", "node.json", "routes.py", ".."):
            assert (await ask(house.app, "GET", f"/docs/{name}")).status in (400, 404), name
        for name, media_type in MEDIA_TYPES.items():
            answer = await ask(house.app, "GET", f"/docs/{name}")
            assert (answer.headers["content-type"], answer.headers["x-content-type-options"]) == (media_type, "nosniff")
            assert answer.body == (ASSETS / name).read_bytes()


def test_nothing_on_it_is_from_elsewhere_or_within_the_page() -> None:
    page = (ASSETS / "page.html").read_text()
    assert "http" not in page
    for within in ("<style", " style=", " onclick", "javascript:"):
        assert within not in page
    assert page.count("<script") == page.count('<script src="/docs/')


@dataclass
class Tried:
    """The page in a browser, of a node that answers at a port."""

    house: House
    page: Page
    party: Party

    async def fill(self, name: str, value: str) -> None:
        await self.page.value(f"document.getElementById({json.dumps(name)}).value = {json.dumps(value)}")

    async def get_token(self, key: object) -> None:
        await self.fill("client-id", self.party.client_id)
        await self.fill("client-key", json.dumps(key))
        await self.page.value("document.getElementById('client').requestSubmit()")

    async def execute(self, tag: str, operation: str) -> int:
        """Open an operation, try it, and give the status that the page shows."""
        heading = f"document.querySelector('[data-tag=\"{tag}\"]')"
        block = block_of(operation)
        await self.page.until(f"{heading} !== null")
        await self.page.value(f"{heading}.click()")
        await self.page.until(f"{block} !== null")
        await self.page.value(f"{block}.querySelector('.opblock-summary-control').click()")
        await self.page.until(f"{block}.querySelector('.try-out__btn') !== null")
        await self.page.value(f"{block}.querySelector('.try-out__btn').click()")
        await self.page.until(f"{block}.querySelector('.execute') !== null")
        await self.page.value(f"{block}.querySelector('.execute').click()")
        shown = await self.page.until(f"{block}.querySelector('.live-responses-table tbody .response-col_status')?.textContent")
        return int(shown[:3])


def block_of(operation: str) -> str:
    """The place of an operation on the page."""
    return f"document.querySelector('.opblock[id$=\"{operation}\"]')"


@pytest.fixture(params=["Ed25519", "ES256"])
async def tried(request: pytest.FixtureRequest, tmp_path: Path, node_keys: Path, empty_store: Path) -> AsyncIterator[Tried]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    issuer = f"http://127.0.0.1:{port}"
    settings = {"entity_id": issuer, "insecure_development": True, "require_proof_nonce": request.param == "ES256"}
    now = cast("StandingClock", system_clock)  # the browser has a clock of its own
    async with open_house(tmp_path, node_keys, now, template=empty_store, **settings) as house:
        party = await house.sea_party("admin:organisations", algorithm=request.param)
        async with serving(house.app, port=port), browser() as page:
            await page.open(f"{issuer}/docs")
            yield Tried(house, page, party)


@pytest.mark.browser
@pytest.mark.requirement("DOOR-described")
async def test_in_a_browser_a_developer_tries_an_operation_as_a_client_and_nothing_is_blocked(tried: Tried) -> None:
    assert await tried.execute("gateway: published", "read_key_set") == 200
    assert await tried.execute("gateway: organisations", "list_organisations") == 401
    private = {**tried.party.key.as_dict(private=True), "kid": tried.party.kid}
    await tried.get_token({**private, "kid": "another"})
    await tried.page.until("document.getElementById('outcome').classList.contains('refused')")
    await tried.get_token(private)
    said = await tried.page.until("document.getElementById('outcome').textContent.includes('admin:organisations')")
    assert said
    block = block_of("list_organisations")
    await tried.page.value(f"{block}.querySelector('.btn-clear').click()")
    await tried.page.until(f"{block}.querySelector('.live-responses-table') === null")
    await tried.page.value(f"{block}.querySelector('.execute').click()")
    shown = await tried.page.until(f"{block}.querySelector('.live-responses-table')?.textContent")
    assert "200" in shown
    assert "A sea" in shown
    blocked = [one for one in tried.page.complaints if "status of 401" not in one and "status of 400" not in one]
    assert blocked == [], "an error of a script, or something that the content security policy does not let run"
