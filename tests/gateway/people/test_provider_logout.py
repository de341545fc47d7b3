"""The provider signs a person out: here too, everywhere, and for a token that is right to the last claim, once."""

from typing import Any
from urllib.parse import urlencode

import pytest

from tests.conftest import StandingClock
from tests.gateway.by_hand import Answer, ask
from tests.gateway.house import House
from tests.gateway.people.openid_provider import LOGOUT_EVENT, OTHER_KEY, OpenIdProvider
from tests.gateway.people.signing_in import Browser

pytestmark = pytest.mark.anyio

FORM = [("content-type", "application/x-www-form-urlencoded")]


async def _log_out(house: House, token: str) -> Answer:
    return await ask(house.app, "POST", "/sign-in/back-channel-logout", headers=FORM, body=urlencode({"logout_token": token}).encode())


async def _signed_in(house: House, provider: OpenIdProvider, **about: Any) -> Browser:
    provider.next |= about
    browser = Browser(house)
    assert (await browser.sign_in(provider)).status == 303
    return browser


async def _goes_on(browser: Browser) -> bool:
    return (await browser.get("/signed-in")).status == 200


async def test_a_session_of_the_providers_ends_by_its_name(signing: House, provider: OpenIdProvider) -> None:
    first = await _signed_in(signing, provider, sid="s1")
    second = await _signed_in(signing, provider, sid="s2")
    answer = await _log_out(signing, provider.logout_token(sid="s1"))
    assert (answer.status, answer.body, answer.headers["cache-control"]) == (200, b"", "no-store")
    assert (await _goes_on(first), await _goes_on(second)) == (False, True)
    (entry,) = [one for one in await signing.entries() if one.context.operation == "signed-out-by-provider"]
    assert (entry.actor.kind, entry.actor.role, len(entry.actor.person or "")) == ("person", "operator", 43)


@pytest.mark.requirement("DOOR-sessions")
async def test_a_person_is_signed_out_of_all_sessions_and_nobody_else_of_any(signing: House, provider: OpenIdProvider) -> None:
    ada = [await _signed_in(signing, provider, sub="ada", sid=f"s{number}") for number in range(2)]
    grace = await _signed_in(signing, provider, sub="grace", sid="s3")
    assert (await _log_out(signing, provider.logout_token(sub="ada"))).status == 200
    assert [await _goes_on(one) for one in (*ada, grace)] == [False, False, True]


async def test_subject_and_session_together_end_what_is_both(signing: House, provider: OpenIdProvider) -> None:
    browser = await _signed_in(signing, provider, sub="ada", sid="s1")
    assert (await _log_out(signing, provider.logout_token(sub="grace", sid="s1"))).status == 200
    assert await _goes_on(browser)
    assert (await _log_out(signing, provider.logout_token(sub="ada", sid="s1"))).status == 200
    assert not await _goes_on(browser)


async def test_a_logout_token_counts_once(signing: House, provider: OpenIdProvider, clock: StandingClock) -> None:
    token = provider.logout_token(sub="ada")
    browser = await _signed_in(signing, provider, sub="ada")
    assert (await _log_out(signing, token)).status == 200
    assert not await _goes_on(browser)
    again = await _signed_in(signing, provider, sub="ada")
    answer = await _log_out(signing, token)
    assert (answer.status, answer.code) == (400, "logout-token-not-valid")
    assert await _goes_on(again)


def _at(provider: OpenIdProvider, **by: float) -> int:
    clock = StandingClock(provider.clock())
    clock.advance(**by)
    return int(clock().timestamp())


WRONG: dict[str, Any] = {
    "another issuer": lambda p: {"iss": "https://login.example/other"},
    "another client": lambda p: {"aud": "another"},
    "two clients": lambda p: {"aud": ["the-node", "another"]},
    "no events": lambda p: {"events": None},
    "other events": lambda p: {"events": {"http://schemas.openid.net/event/other": {}}},
    "an event that is no object": lambda p: {"events": {LOGOUT_EVENT: True}},
    "a list of events": lambda p: {"events": [LOGOUT_EVENT]},
    "a nonce": lambda p: {"nonce": "x"},
    "nobody": lambda p: {"sub": None},
    "a subject that is no word": lambda p: {"sub": 5},
    "a session that is no word": lambda p: {"sid": {}},
    "no jti": lambda p: {"jti": None},
    "a long jti": lambda p: {"jti": "x" * 256},
    "no iat": lambda p: {"iat": None},
    "no exp": lambda p: {"exp": None},
    "expired": lambda p: {"exp": _at(p, seconds=-10)},
    "made too long ago": lambda p: {"iat": _at(p, minutes=-11)},
    "made in the future": lambda p: {"iat": _at(p, seconds=11)},
    "counts later": lambda p: {"nbf": _at(p, seconds=11)},
}


async def test_a_logout_token_that_is_wrong_in_one_claim_ends_nothing(signing: House, provider: OpenIdProvider) -> None:
    browser = await _signed_in(signing, provider, sub="ada")
    for what, change in WRONG.items():
        answer = await _log_out(signing, provider.logout_token(**({"sub": "ada"} | change(provider))))
        assert (answer.status, answer.code) == (400, "logout-token-not-valid"), what
        assert await _goes_on(browser), what
    assert (await _log_out(signing, provider.logout_token(sub="ada"))).status == 200
    assert not await _goes_on(browser)


async def test_a_logout_token_of_another_key_type_or_algorithm_ends_nothing(signing: House, provider: OpenIdProvider) -> None:
    browser = await _signed_in(signing, provider, sub="ada")
    tokens = [provider.id_token("x", sub="ada", events={LOGOUT_EVENT: {}}, jti="1"), "x", "a.b.c", "a" * 17_000]
    provider.header = {"typ": "at+jwt"}
    tokens.append(provider.logout_token(sub="ada"))
    provider.header, provider.algorithm = {}, "none"
    tokens.append(provider.logout_token(sub="ada"))
    provider.algorithm, provider.key = "RS256", OTHER_KEY
    tokens.append(provider.logout_token(sub="ada"))
    for token in tokens:
        answer = await _log_out(signing, token)
        assert (answer.status, answer.code) == (400, "logout-token-not-valid")
    assert await _goes_on(browser)
    refused = [one for one in await signing.entries() if one.class_ == "refusal"]
    assert [(one.context.reason, one.context.count) for one in refused] == [("logout-token-not-valid", len(tokens))]


async def test_a_request_without_a_token_is_told_so(signing: House, provider: OpenIdProvider) -> None:
    for body in (b"", b"logout_token=", b"other=1", b"logout_token=a&logout_token=b"):
        answer = await ask(signing.app, "POST", "/sign-in/back-channel-logout", headers=FORM, body=body)
        assert answer.status in (400, 415, 422), body


async def test_where_no_provider_is_there_is_nobody_to_say_it(house: House) -> None:
    assert (await _log_out(house, "x")).status == 404
