"""A pushed request, a code and a refresh token at two and four processes over one PostgreSQL: each counts once, and after a restart too."""

import asyncio
import itertools
import re
import signal
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
from tests.gateway.oauth.test_replay_processes import SPELLINGS
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

    async def page(self, process: GatewayProcess, name: str) -> Answer:
        """On which the person is asked."""
        asked = {"client_id": self.party.client_id, "request_uri": name}
        return await process.ask("GET", f"/oauth/authorize?{urlencode(asked)}", self._browser("none"))

    async def agree(self, processes: list[GatewayProcess], name: str) -> list[Answer]:
        """The same button at each of these at the same time."""
        asked = {"client_id": self.party.client_id, "request_uri": name}
        page = await self.page(processes[0], name)
        found = re.search(r'name="token" value="([^"]+)"', page.body.decode())
        assert found, page
        form = {**asked, "token": found[1], "answer": "approve"}
        return await asyncio.gather(*(self._post(process, "/oauth/authorize", form) for process in processes))

    async def tokens(self, process: GatewayProcess, spelling: str = "DPoP", **parameters: str) -> Answer:
        """A token request with an assertion and a proof of its own, whose field is spelt as `spelling`."""
        now = system_clock()
        proof = self.party.proof(now, "POST", "/oauth/token")
        return await process.token(self.party.proven(now, **parameters), proof, proof_field=spelling)

    async def refresh(self, process: GatewayProcess, held: str) -> Answer:
        """The next tokens for a refresh token."""
        return await self.tokens(process, grant_type="refresh_token", refresh_token=held)

    async def _post(self, process: GatewayProcess, path: str, form: dict[str, str]) -> Answer:
        fields = [FORM, ("origin", ISSUER), *self._browser("same-origin")]
        return await process.ask("POST", path, fields, urlencode(form).encode())

    def _browser(self, site: str) -> list[tuple[str, str]]:
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return [("sec-fetch-site", site), ("accept", "text/html"), *([("cookie", cookies)] if cookies else [])]


def code_of(answer: Answer) -> str:
    return dict(parse_qsl(urlsplit(answer.headers["location"]).query))["code"]


def exchange(code: str) -> dict[str, str]:
    return {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "code_verifier": VERIFIER}


async def everywhere(going: Round, processes: list[GatewayProcess], parameters: dict[str, str]) -> Counter[str]:
    """The same code or refresh token at each process at the same time, in every spelling of the proof's field: what was said."""
    ways = itertools.product(processes, SPELLINGS)
    answers = await asyncio.gather(*(going.tokens(process, spelling, **parameters) for process, spelling in ways))
    return Counter("given" if answer.status == 200 else answer.code for answer in answers)


@pytest.mark.requirement("DOOR-once")
async def test_a_pushed_request_a_code_and_a_refresh_token_count_once_at_two_and_at_four_processes(four: Gateways) -> None:
    await four.start()
    party = await four.party("audit:operate", redirect_uris=(CALLBACK,), grant_types=GRANTS)
    going, processes = Round(party), four.processes
    await going.come_in(processes[0], await four.link())
    for count in (2, 4):
        for first in range(count):
            answers = await going.agree(processes[:count], await going.pushed(processes[first]))
            assert Counter(answer.status for answer in answers) == {303: 1, 400: count - 1}
            [agreed] = [answer for answer in answers if answer.status == 303]
            said = await everywhere(going, processes[:count], exchange(code_of(agreed)))
            assert said == {"given": 1, "invalid_grant": count * len(SPELLINGS) - 1}
    # A lost answer may be said again, with the same successor (decision 48); once that was used it is a copy, and ends them all.
    [agreed] = await going.agree(processes[:1], await going.pushed(processes[3]))
    held = (await going.tokens(processes[1], **exchange(code_of(agreed)))).json["refresh_token"]
    for _ in range(3):
        answer = await going.refresh(processes[2], held)
        assert answer.status == 200, answer
        held = answer.json["refresh_token"]
    answers = await asyncio.gather(*(going.refresh(process, held) for process in processes))
    assert Counter(answer.status for answer in answers) == {200: len(processes)}
    [following] = {answer.json["refresh_token"] for answer in answers}
    assert (await going.refresh(processes[1], following)).status == 200
    answers = await asyncio.gather(*(going.refresh(process, held) for process in processes))
    assert {(answer.status, answer.code) for answer in answers} == {(400, "invalid_grant")}
    after = await going.refresh(processes[0], following)
    assert (after.status, after.code) == (400, "invalid_grant")


@pytest.mark.requirement("DOOR-once")
async def test_what_was_used_before_a_process_was_killed_is_refused_after_its_start(four: Gateways) -> None:
    """By the process that was killed, and by one that never saw it."""
    first, other, _, _ = four.processes
    going = Round(await four.party("audit:operate", redirect_uris=(CALLBACK,), grant_types=GRANTS))
    for started in (first, other):
        await four.start(first)
        await going.come_in(first, await four.link())
        name = await going.pushed(first)
        [agreed] = await going.agree([first], name)
        code = code_of(agreed)
        given = await going.tokens(first, **exchange(code))
        assert given.status == 200, given
        [agreed] = await going.agree([first], await going.pushed(first))
        rotated = (await going.tokens(first, **exchange(code_of(agreed)))).json["refresh_token"]
        held = rotated
        for _ in range(2):
            held = (await going.refresh(first, held)).json["refresh_token"]
        await first.end(signal.SIGKILL)
        await four.start(started)
        assert (await going.page(started, name)).status == 400, "the person has answered"
        for spelling in SPELLINGS:
            refused = await going.tokens(started, spelling, **exchange(code))
            assert (refused.status, refused.code) == (400, "invalid_grant")
            assert refused.json["error_description"].startswith("the code was used before")
        refused = await going.refresh(started, rotated)
        assert (refused.status, refused.code) == (400, "invalid_grant")
        # What comes again has ended what came of it.
        for last in (given.json["refresh_token"], held):
            assert (await going.refresh(started, last)).code == "invalid_grant"
        await started.end(signal.SIGKILL)
