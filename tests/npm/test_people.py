"""oidc-provider, which nobody here wrote, is the agency's provider: people sign in at its pages, and it signs them out here."""

import json
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any, cast
from urllib.parse import urljoin

import aiohttp
import pytest
from joserfc.jwk import ECKey, OKPKey, RSAKey

from shared.clock import system_clock
from shared.keys import write_secret
from tests.conftest import StandingClock
from tests.gateway.door.production import serving
from tests.gateway.house import House, open_house
from tests.gateway.people.openid_provider import CLIENT_KEY
from tests.gateway.people.signing_in import PEOPLE
from tests.npm.scripts import running

pytestmark = [pytest.mark.anyio, pytest.mark.npm]

FIELD, NAME, VALUE = re.compile(r"<input[^>]*>"), re.compile(r' name="([^"]*)"'), re.compile(r' value="([^"]*)"')
KEYS = {
    "RS256": RSAKey.generate_key(2048),
    "PS256": RSAKey.generate_key(2048),
    "ES256": ECKey.generate_key("P-256"),
    "EdDSA": OKPKey.generate_key("Ed25519"),
}


@dataclass
class Walk:
    """Somebody who follows links and fills in forms, with cookies."""

    house: House
    session: aiohttp.ClientSession
    url: str = ""
    text: str = ""
    status: int = 0

    async def go(self, url: str, form: dict[str, str] | None = None) -> None:
        """To a page, and wherever it leads."""
        origin = "/".join(self.url.split("/")[:3])
        method, headers = ("GET", {}) if form is None else ("POST", {"origin": origin})
        async with self.session.request(method, urljoin(self.url, url), data=form, headers=headers) as answer:
            self.url, self.status, self.text = str(answer.url), answer.status, await answer.text()

    async def fill(self, **fields: str) -> None:
        """Send the page's first form."""
        action = re.search(r'<form[^>]*action="([^"]+)"', self.text)
        assert action, self.text
        held = {}
        for field in FIELD.findall(self.text):
            name, value = NAME.search(field), VALUE.search(field)
            if name is not None:
                held[name[1]] = "" if value is None else unescape(value[1])
        await self.go(unescape(action[1]), held | fields)

    async def sign_in(self, login: str, start: str = "/sign-in/start?back=/signed-in") -> None:
        """At the provider's own pages, until one of the node's is there."""
        node = self.house.settings.entity_id
        await self.go(node + start)
        while not self.url.startswith(node):
            assert self.status == 200, self.text
            await self.fill(**({"login": login, "password": "any"} if 'name="login"' in self.text else {}))

    def cookie(self) -> str | None:
        """Of the session."""
        return next((one.value for one in self.session.cookie_jar if one.key.startswith("sid-")), None)


@asynccontextmanager
async def walking(folder: Path, node_keys: Path, algorithm: str) -> AsyncIterator[Walk]:
    """A node, the provider with keys of one algorithm, and a person who signs in."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        node = f"http://127.0.0.1:{free.getsockname()[1]}"
    write_secret(folder / "client.json", json.dumps(CLIENT_KEY.as_dict(private=True)).encode())
    about: dict[str, Any] = {
        "node": node,
        "client_id": "the-node",
        "jwk": {**CLIENT_KEY.as_dict(private=False), "alg": "ES256"},
        "algorithm": algorithm,
        "keys": [{**key.as_dict(private=True), "use": "sig", "alg": name, "kid": name} for name, key in KEYS.items()],
        "people": {"ada": {"name": "Ada Whitaker", "roles": ["sp-auditors"]}, "eve": {"name": "Eve", "roles": ["others"]}},
    }
    async with running("people_provider.mjs", **about) as said:
        settings = PEOPLE | {
            "entity_id": node,
            "people_issuer": said["issuer"],
            "people_client_key_file": folder / "client.json",
            "people_signing_algorithm": algorithm,
            "insecure_development": True,
        }
        clock = cast("StandingClock", system_clock)  # the provider has a clock of its own
        async with open_house(folder, node_keys, clock, **settings) as house:
            await house.organisation("sea")
            jar = aiohttp.CookieJar(unsafe=True)
            async with serving(house.app, port=int(node.rpartition(":")[2])), aiohttp.ClientSession(cookie_jar=jar) as session:
                yield Walk(house, session)


@pytest.mark.requirement("DOOR-outside")
@pytest.mark.parametrize("algorithm", KEYS)
async def test_a_person_signs_in_at_its_pages_and_it_signs_them_out_here(tmp_path: Path, node_keys: Path, algorithm: str) -> None:
    async with walking(tmp_path, node_keys, algorithm) as walk:
        await walk.sign_in("ada")
        assert (walk.status, "Ada Whitaker" in walk.text, "Auditor" in walk.text) == (200, True, True), walk.text
        first = walk.cookie()
        await walk.sign_in("ada", "/sign-in/start?back=/signed-in&step=up")
        assert (walk.status, walk.cookie() != first) == (200, True), walk.text
        await walk.go(f"{walk.house.settings.entity_id}/sign-out/provider")
        assert "Do you want to sign-out" in walk.text
        await walk.fill(logout="yes")
        assert (walk.status, walk.url.endswith("/signed-out?state=everywhere")) == (200, True), (walk.url, walk.text)
        await walk.go("/signed-in")
        assert "/sign-in?" in walk.url
        told = [one.context.operation for one in await walk.house.entries() if one.actor.kind == "person"]
        assert told == ["signed-in", "stepped-up", "signed-out-by-provider"]


async def test_who_has_no_role_here_is_told_so(tmp_path: Path, node_keys: Path) -> None:
    async with walking(tmp_path, node_keys, "RS256") as walk:
        await walk.sign_in("eve")
        assert (walk.status, "no-role-here" in walk.text, walk.cookie()) == (403, True, None)


async def test_who_declines_there_is_not_signed_in_here(tmp_path: Path, node_keys: Path) -> None:
    async with walking(tmp_path, node_keys, "RS256") as walk:
        await walk.go(f"{walk.house.settings.entity_id}/sign-in/start")
        abort = re.search(r'href="([^"]*/abort)"', walk.text)
        assert abort, walk.text
        await walk.go(unescape(abort[1]))
        assert (walk.status, "sign-in-declined" in walk.text, walk.cookie()) == (403, True, None)
