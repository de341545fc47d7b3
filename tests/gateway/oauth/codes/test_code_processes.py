"""The name of a pushed request, a code and a refresh token at four processes over one PostgreSQL: each counts once, wherever it comes."""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from safepassage.canonical import digest_of
from shared.clock import system_clock
from tests.gateway.by_hand import Answer, Party
from tests.gateway.house import ISSUER
from tests.gateway.processes import GatewayProcess, Gateways, gateways
from tests.stores import at_head

pytestmark = [pytest.mark.anyio, pytest.mark.postgres]

CALLBACK = "https://app.example/callback"
VERIFIER = "v" * 43
FORM = ("content-type", "application/x-www-form-urlencoded")
GRANTS = ("client_credentials", "authorization_code", "refresh_token")


@pytest.fixture
async def four(postgres_place: str, node_keys: Path) -> AsyncIterator[Gateways]:
    await at_head("gateway", postgres_place)
    async with gateways(4, database_url=postgres_place, keys=node_keys) as made:
        await made.start()
        yield made


@dataclass
class Round:
    """An application and the operator's browser, at whichever process."""

    party: Party
    cookies: dict[str, str] = field(default_factory=dict)

    async def come_in(self, process: GatewayProcess, link: str) -> None:
        answer = await self._post(process, "/sign-in/link", {"link": link})
        assert answer.status == 303, answer
        for name, value in answer.fields:
            if name == "set-cookie":
                cookie, _, rest = value.partition("=")
                self.cookies[cookie] = rest.partition(";")[0]

    async def pushed(self, process: GatewayProcess) -> str:
        """The name of a request."""
        now = system_clock()
        about = {"response_type": "code", "redirect_uri": CALLBACK, "state": "s", "scope": "audit:operate"}
        challenge = {"code_challenge": digest_of(VERIFIER.encode()), "code_challenge_method": "S256"}
        body = urlencode(self.party.proven(now, **about, **challenge)).encode()
        answer = await process.ask("POST", "/oauth/par", [FORM, ("DPoP", self.party.proof(now, "POST", "/oauth/par"))], body)
        assert answer.status == 201, answer
        return str(answer.json["request_uri"])

    async def agree(self, processes: list[GatewayProcess], name: str) -> list[Answer]:
        """The same button at each of these at the same time."""
        asked = {"client_id": self.party.client_id, "request_uri": name}
        page = await processes[0].ask("GET", f"/oauth/authorize?{urlencode(asked)}", self._browser("none"))
        found = re.search(r'name="token" value="([^"]+)"', page.body.decode())
        assert found, page
        form = {**asked, "token": found[1], "answer": "approve"}
        return await asyncio.gather(*(self._post(process, "/oauth/authorize", form) for process in processes))

    async def tokens(self, process: GatewayProcess, **parameters: str) -> Answer:
        """A token request with an assertion and a proof of its own."""
        now = system_clock()
        return await process.token(self.party.proven(now, **parameters), self.party.proof(now, "POST", "/oauth/token"))

    async def _post(self, process: GatewayProcess, path: str, form: dict[str, str]) -> Answer:
        fields = [FORM, ("origin", ISSUER), *self._browser("same-origin")]
        return await process.ask("POST", path, fields, urlencode(form).encode())

    def _browser(self, site: str) -> list[tuple[str, str]]:
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return [("sec-fetch-site", site), ("accept", "text/html"), *([("cookie", cookies)] if cookies else [])]


def code_of(answer: Answer) -> str:
    return dict(parse_qsl(urlsplit(answer.headers["location"]).query))["code"]


@pytest.mark.requirement("DOOR-once")
async def test_a_pushed_request_a_code_and_a_refresh_token_count_once_at_four_processes(four: Gateways) -> None:
    party = await four.party("audit:operate", redirect_uris=(CALLBACK,), grant_types=GRANTS)
    going, processes = Round(party), four.processes
    await going.come_in(processes[0], await four.link())
    for first in range(3):
        answers = await going.agree(processes, await going.pushed(processes[first]))
        assert Counter(answer.status for answer in answers) == {303: 1, 400: 3}
        [agreed] = [answer for answer in answers if answer.status == 303]
        exchange = {"grant_type": "authorization_code", "code": code_of(agreed), "redirect_uri": CALLBACK, "code_verifier": VERIFIER}
        answers = await asyncio.gather(*(going.tokens(process, **exchange) for process in processes))
        assert Counter("given" if answer.status == 200 else answer.code for answer in answers) == {"given": 1, "invalid_grant": 3}
    # A lost answer may be said again once, with the same successor (decision 48); any more is a copy, and ends them all.
    [agreed] = await going.agree(processes[:1], await going.pushed(processes[3]))
    exchange["code"] = code_of(agreed)
    held = (await going.tokens(processes[1], **exchange)).json["refresh_token"]
    for _ in range(3):
        answer = await going.tokens(processes[2], grant_type="refresh_token", refresh_token=held)
        assert answer.status == 200, answer
        held = answer.json["refresh_token"]
    answers = await asyncio.gather(*(going.tokens(process, grant_type="refresh_token", refresh_token=held) for process in processes))
    given = [answer.json["refresh_token"] for answer in answers if answer.status == 200]
    assert 1 <= len(given) <= 2
    assert len(set(given)) == 1
    assert {answer.code for answer in answers if answer.status != 200} == {"invalid_grant"}
    after = await going.tokens(processes[0], grant_type="refresh_token", refresh_token=given[0])
    assert (after.status, after.code) == (400, "invalid_grant")
