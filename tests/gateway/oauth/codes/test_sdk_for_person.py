"""The SDK acts for a person who agrees: the whole round, the tokens after it, and the answers that it does not believe."""

from uuid import UUID

import httpx2 as httpx
import pytest

from safepassage.client import Client, ClientFile, ClientKey
from safepassage.problems.calls import AnswerNotUnderstood, TokenNotGranted
from safepassage.wire_clients import ClientJwk, JwkSet, NewClient
from tests.conftest import StandingClock
from tests.gateway.house import ISSUER, House
from tests.gateway.oauth.codes.flow import CALLBACK, CODE, GIVEN, PURPOSE, person
from tests.gateway.people.signing_in import Browser, person_of

pytestmark = pytest.mark.anyio

DECISIONS = "/v1/decisions"


async def _client(house: House) -> Client:
    held = [one for one in await house.hand.organisations() if one.kind == "sea"]
    organisation = held[0] if held else await house.organisation("sea")
    key = ClientKey.generate()
    scopes = ("audit:search", "decisions:read", "evidence:read", "admin:organisations")
    new = NewClient(
        organisation_id=organisation.id,
        name="SDK",
        kind="application",
        role="auditor-tool",
        scopes=scopes,
        purposes=(PURPOSE,),
        jwks=JwkSet(keys=(ClientJwk.model_validate(key.jwk),)),
        **CODE,  # type: ignore[arg-type]
    )
    registered = await house.hand.register_client(new)
    file = ClientFile(issuer=ISSUER, client_id=str(registered.id), key=key.private_jwk(), purpose=PURPOSE)
    return Client(file, transport=httpx.ASGITransport(house.app), clock=house.clock)


async def _answered(client: Client, browser: Browser, answer: str = "approve", **wanted: int) -> tuple[object, str]:
    """The question, and the address that the person came back to."""
    asking = await client.ask_person(CALLBACK, **wanted)  # type: ignore[arg-type]
    query = dict(httpx.URL(asking.url).params)
    back = await browser.post("/oauth/authorize", answer=answer, **query)
    assert back.status == 303, back
    return asking, back.headers["location"]


async def _principal(house: House, client: Client) -> tuple[str | None, frozenset[str]]:
    """Whom the services are told of, by a request with the client's own headers."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(house.app), base_url=ISSUER) as plain:
        answer = await plain.get(DECISIONS, headers=await client.headers_for("GET", DECISIONS))
    assert answer.status_code == 200, answer.content
    caller = house.heard("privacy").principal.caller
    assert caller is not None
    return caller.person, caller.scopes


@pytest.mark.requirement("DOOR-person")
async def test_the_sdk_acts_for_a_person_for_as_long_as_they_let_it(peopled: House, clock: StandingClock) -> None:
    client, browser = await _client(peopled), await person(peopled)
    who = (await person_of(browser, peopled.now)).identifier
    async with client:
        assert (await _principal(peopled, client))[0] is None
        asking, back = await _answered(client, browser, max_age_seconds=600)
        client.take_answer(asking, back)  # type: ignore[arg-type]
        for _ in range(4):
            assert await _principal(peopled, client) == (who, frozenset(GIVEN.split()))
            assert (await browser.get("/signed-in")).status == 200
            clock.advance(minutes=10)
            await peopled.app.state.standing.refresh()
        assert (await browser.post("/sign-out")).status == 303
        with pytest.raises(TokenNotGranted, match="invalid_grant"):
            await client.read_organisation(UUID(int=1))


async def test_the_sdk_believes_no_answer_of_another_round_server_or_place(peopled: House) -> None:
    client, browser = await _client(peopled), await person(peopled)
    async with client:
        asking, back = await _answered(client, browser)
        other, elsewhere = await _answered(client, browser)
        wrong = (
            elsewhere,
            back.replace("iss=https%3A%2F%2Fnode", "iss=https%3A%2F%2Fevil"),
            back.replace("app.example", "evil.example"),
            back.partition("&iss=")[0],
            back + "&code=other",
            back.replace("code=", "kode="),
            CALLBACK,
        )
        for url in wrong:
            with pytest.raises(AnswerNotUnderstood):
                client.take_answer(asking, url)  # type: ignore[arg-type]
        assert other is not asking
        assert (await _principal(peopled, client))[0] is None


async def test_the_sdk_says_that_the_person_did_not_agree(peopled: House) -> None:
    client, browser = await _client(peopled), await person(peopled)
    async with client:
        asking, back = await _answered(client, browser, "refuse")
        with pytest.raises(TokenNotGranted, match="access_denied"):
            client.take_answer(asking, back)  # type: ignore[arg-type]
        with pytest.raises(TokenNotGranted, match="invalid_request"):
            await client.ask_person("https://evil.example/")
    assert "verifier" not in repr(asking)
