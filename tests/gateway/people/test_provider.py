"""A provider that is late, lies, or answers with too much: nobody comes in, and nothing grows."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import StandingClock
from tests.gateway.house import House, open_house
from tests.gateway.people.openid_provider import KEY, OTHER_KEY, OpenIdProvider
from tests.gateway.people.signing_in import Browser

pytestmark = pytest.mark.anyio

DISCOVERY, TOKEN, JWKS = "/.well-known/openid-configuration", "/token", "/jwks"
JSON = [(b"content-type", b"application/json")]

GARBAGE: dict[str, tuple[int, list[tuple[bytes, bytes]], list[bytes]]] = {
    "a fault": (500, JSON, [b"{}"]),
    "not found": (404, JSON, [b"{}"]),
    "a redirect": (302, [(b"location", b"http://127.0.0.1:1/")], []),
    "no JSON": (200, JSON, [b"<html>"]),
    "no object": (200, JSON, [b"[]"]),
    "nothing": (200, JSON, []),
    "deep JSON": (200, JSON, [b"[" * 60_000]),
    "too much": (200, JSON, [b" " * 32_768] * 3),
    "too much at once": (200, JSON, [json.dumps({"id_token": "x" * 70_000}).encode()]),
    "something compressed": (200, [*JSON, (b"content-encoding", b"gzip")], [b"\x1f\x8b\x08\x00"]),
}


@pytest.mark.parametrize("path", [DISCOVERY, TOKEN, JWKS])
async def test_an_answer_that_is_none_lets_nobody_in(signing: House, provider: OpenIdProvider, path: str) -> None:
    for what, garbage in GARBAGE.items():
        if (path, what) == (TOKEN, "not found"):  # a refusal of the code
            continue
        provider.answer = lambda asked, garbage=garbage: garbage if asked == path else None  # type: ignore[misc]
        browser = Browser(signing)
        answer = await browser.get("/sign-in/start")
        if path != DISCOVERY:
            answer = await browser.get(provider.authorize(dict(answer.fields)["location"]), site="cross-site")
        assert (answer.status, "provider-not-reached" in answer.body.decode()) == (503, True), (what, answer.body.decode())
        assert "__Host-sid" not in browser.cookies, what
        assert dict(answer.fields)["retry-after"], what
    provider.right_again()
    assert (await Browser(signing).sign_in(provider)).status == 303


@pytest.mark.parametrize("path", [DISCOVERY, TOKEN, JWKS])
async def test_a_provider_that_never_answers_is_waited_for_for_some_seconds(
    tmp_path: Path,
    node_keys: Path,
    clock: StandingClock,
    empty_store: Path,
    peoples: dict[str, Any],
    provider: OpenIdProvider,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
) -> None:
    monkeypatch.setattr("services.gateway.people.provider.SECONDS", 0.3)
    provider.late = path
    settings = peoples | {"people_issuer": provider.issuer, "insecure_development": True}
    async with open_house(tmp_path, node_keys, clock, template=empty_store, **settings) as house:
        await house.organisation("sea")
        browser = Browser(house)
        answer = await browser.get("/sign-in/start")
        if path != DISCOVERY:
            answer = await browser.get(provider.authorize(dict(answer.fields)["location"]), site="cross-site")
        assert (answer.status, "__Host-sid" in browser.cookies) == (503, False)


async def test_a_provider_that_is_not_there_lets_nobody_in(signing: House, provider: OpenIdProvider) -> None:
    signing.app.state.entrances.provider.issuer = "http://127.0.0.1:1"
    answer = await Browser(signing).get("/sign-in/start")
    assert answer.status == 503


@pytest.mark.parametrize(
    "metadata",
    [
        {"issuer": "https://login.example/other"},
        {"issuer": None},
        {"authorization_endpoint": None},
        {"authorization_endpoint": "http://login.example/authorize"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"authorization_endpoint": "https://login.example/a\r\nset-cookie: x=y"},
        {"token_endpoint": None},
        {"token_endpoint": "http://169.254.169.254/token"},
        {"jwks_uri": None},
        {"jwks_uri": ["https://login.example/jwks"]},
        {"end_session_endpoint": "http://login.example/end"},
        {"code_challenge_methods_supported": ["plain"]},
        {"code_challenge_methods_supported": "plain"},
        {"code_challenge_methods_supported": 1},
    ],
)
async def test_metadata_that_does_not_fit_leads_nobody_anywhere(signing: House, provider: OpenIdProvider, metadata: dict[str, Any]) -> None:
    provider.metadata = metadata
    assert (await Browser(signing).get("/sign-in/start")).status == 503


async def test_an_endpoint_in_a_network_of_our_own_is_not_called(signing: House, provider: OpenIdProvider) -> None:
    provider.metadata = {"token_endpoint": "https://169.254.169.254/token"}
    assert (await Browser(signing).sign_in(provider)).status == 503


async def test_what_a_provider_publishes_is_asked_for_once_an_hour(signing: House, provider: OpenIdProvider, clock: StandingClock) -> None:
    for _ in range(3):
        assert (await Browser(signing).sign_in(provider)).status == 303
    assert (provider.fetched.count(DISCOVERY), provider.fetched.count(JWKS)) == (1, 1)
    clock.advance(hours=1)
    assert (await Browser(signing).sign_in(provider)).status == 303
    assert (provider.fetched.count(DISCOVERY), provider.fetched.count(JWKS)) == (2, 2)


async def test_a_new_key_is_found_and_unknown_keys_do_not_make_us_ask_all_the_time(
    signing: House, provider: OpenIdProvider, clock: StandingClock
) -> None:
    assert (await Browser(signing).sign_in(provider)).status == 303
    provider.jwks = [{**OTHER_KEY.as_dict(private=False), "kid": "two", "use": "sig", "alg": "RS256"}]
    provider.key, provider.header = OTHER_KEY, {"kid": "two"}
    assert (await Browser(signing).sign_in(provider)).status == 403
    clock.advance(seconds=30)
    assert (await Browser(signing).sign_in(provider)).status == 303
    provider.header = {"kid": "three"}
    for _ in range(5):
        assert (await Browser(signing).sign_in(provider)).status == 403
    assert provider.fetched.count(JWKS) == 2


async def test_a_provider_whose_only_key_has_no_name_may_replace_it(signing: House, provider: OpenIdProvider, clock: StandingClock) -> None:
    """OpenID Connect Core 1.0 section 10.1: with one key no token has to name it, so that nothing but its signature says that it is new."""
    nameless = [{name: value for name, value in provider.jwks[0].items() if name != "kid"}]
    provider.jwks, provider.header = nameless, {"kid": None}
    assert (await Browser(signing).sign_in(provider)).status == 303
    provider.jwks = [{**OTHER_KEY.as_dict(private=False), "use": "sig", "alg": "RS256"} | {"kid": None}]
    provider.key = OTHER_KEY
    clock.advance(seconds=30)
    assert (await Browser(signing).sign_in(provider)).status == 303
    provider.key = KEY
    for _ in range(5):
        assert (await Browser(signing).sign_in(provider)).status == 403
    assert provider.fetched.count(JWKS) == 2, "forged ones do not make us ask all the time"


async def test_a_provider_that_gives_a_new_key_the_name_of_the_old_one_is_asked_again(
    signing: House, provider: OpenIdProvider, clock: StandingClock
) -> None:
    assert (await Browser(signing).sign_in(provider)).status == 303
    provider.jwks, provider.key = [{**OTHER_KEY.as_dict(private=False), "kid": "one", "use": "sig", "alg": "RS256"}], OTHER_KEY
    clock.advance(seconds=30)
    assert (await Browser(signing).sign_in(provider)).status == 303
    provider.key = KEY
    assert (await Browser(signing).sign_in(provider)).status == 403


@pytest.mark.parametrize(
    "jwks",
    [
        [],
        [{"kty": "RSA", "kid": "one"}],
        [{"kty": "oct", "kid": "one", "k": "c2VjcmV0"}],
        [{**OTHER_KEY.as_dict(private=False), "kid": "one", "use": "enc"}],
        [{**OTHER_KEY.as_dict(private=False), "kid": "one", "alg": "PS256"}],
        ["no key"],
        [{**OTHER_KEY.as_dict(private=False), "kid": str(number)} for number in range(33)],
    ],
)
async def test_keys_that_cannot_be_its_own_verify_nothing(signing: House, provider: OpenIdProvider, jwks: list[Any]) -> None:
    provider.key, provider.jwks = OTHER_KEY, jwks
    assert (await Browser(signing).sign_in(provider)).status == 403


async def test_two_keys_of_one_name_verify_nothing(signing: House, provider: OpenIdProvider) -> None:
    provider.jwks = [*provider.jwks, {**OTHER_KEY.as_dict(private=False), "kid": "one"}]
    assert (await Browser(signing).sign_in(provider)).status == 403


async def test_the_node_proves_who_it_is_anew_each_time(signing: House, provider: OpenIdProvider) -> None:
    for _ in range(2):
        await Browser(signing).sign_in(provider)
    assert len({form["client_assertion"] for form in provider.heard}) == 2
    assert all("client_secret" not in form and form["authorization"] == "" for form in provider.heard)
