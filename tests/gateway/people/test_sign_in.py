"""Signing in at the agency's provider: there and back once, in one browser, and believed only if everything fits."""

import logging
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from services.gateway.people.return_path import LONGEST
from tests.conftest import StandingClock
from tests.gateway.house import ISSUER, House
from tests.gateway.people.openid_provider import KEY, OTHER_KEY, OpenIdProvider
from tests.gateway.people.signing_in import Browser, location_of, person_of

pytestmark = pytest.mark.anyio


@pytest.mark.requirement("DOOR-people")
async def test_a_person_signs_in_with_their_agencys_account(signing: House, provider: OpenIdProvider) -> None:
    browser = Browser(signing)
    answer = await browser.sign_in(provider, "/sign-in/start?back=/signed-in")
    assert (answer.status, location_of(answer)) == (303, "/signed-in")
    assert set(browser.cookies) == {"__Host-sid"}
    page = await browser.get("/signed-in", site="cross-site")
    for shown in ("Ada Whitaker", "Operator", "Department of Education"):
        assert shown in page.body.decode()
    (asked,) = provider.asked
    assert (asked["response_type"], asked["code_challenge_method"], asked["redirect_uri"]) == ("code", "S256", f"{ISSUER}/sign-in/callback")
    assert asked["max_age"] == "28800"
    (entry,) = [one for one in await signing.entries() if one.context.operation == "signed-in"]
    assert (entry.class_, entry.actor.kind, entry.actor.role) == ("authentication", "person", "operator")
    assert (entry.actor.address, len(entry.actor.person or "")) == ("192.0.2.7", 43)
    for told in ("Ada", '"ada"'):
        assert told not in entry.model_dump_json()


async def test_cookies_are_sent_to_this_host_alone_and_read_by_no_script(signing: House, provider: OpenIdProvider) -> None:
    browser = Browser(signing)
    started = await browser.get("/sign-in/start")
    answer = await browser.get(provider.authorize(location_of(started)), site="cross-site")
    lines = [value for name, value in [*started.fields, *answer.fields] if name == "set-cookie"]
    assert len(lines) == 3
    for line in lines:
        assert line.startswith("__Host-")
        assert {"Path=/", "HttpOnly", "SameSite=Lax", "Secure"} <= set(line.split("; "))
        assert "Domain" not in line


def _taken(claim: str, value: Any) -> Any:
    def change(provider: OpenIdProvider) -> None:
        provider.next[claim] = value

    return change


def _at(claim: str, **by: float) -> Any:
    def change(provider: OpenIdProvider) -> None:
        clock = StandingClock(provider.clock())
        clock.advance(**by)
        provider.next[claim] = int(clock().timestamp())

    return change


def _header(**about: Any) -> Any:
    return lambda provider: provider.header.update(about)


def _signed(algorithm: str, key: Any) -> Any:
    def change(provider: OpenIdProvider) -> None:
        provider.algorithm, provider.key = algorithm, key

    return change


def _all(*changes: Any) -> Any:
    return lambda provider: [change(provider) for change in changes]


NOT_BELIEVED = {
    "another issuer": (_taken("iss", "https://login.example/other"), "(iss)"),
    "no issuer": (_taken("iss", None), "(iss)"),
    "another client": (_taken("aud", "another-client"), "(aud"),
    "this client and another": (_taken("aud", ["the-node", "another-client"]), "(aud"),
    "no audience": (_taken("aud", None), "(aud"),
    "another authorized party": (_taken("azp", "another-client"), "azp)"),
    "another nonce": (_taken("nonce", secrets.token_urlsafe(32)), "(nonce)"),
    "no nonce": (_taken("nonce", None), "(nonce)"),
    "a nonce that is no word": (_taken("nonce", 1), "(nonce)"),
    "expired": (_all(_at("iat", minutes=-9), _at("exp", seconds=-10)), "(iat, exp)"),
    "no expiry": (_taken("exp", None), "(iat, exp)"),
    "an expiry that is no number": (_taken("exp", "tomorrow"), "no instant (exp)"),
    "an expiry that is true": (_taken("exp", True), "no instant (exp)"),
    "made too long ago": (_at("iat", minutes=-11), "(iat, exp)"),
    "made in the future": (_at("iat", seconds=11), "(iat, exp)"),
    "no time of making": (_taken("iat", None), "(iat, exp)"),
    "counts later": (_at("nbf", seconds=11), "(nbf)"),
    "nobody": (_taken("sub", None), "(sub)"),
    "an empty subject": (_taken("sub", ""), "(sub)"),
    "a long subject": (_taken("sub", "x" * 256), "(sub)"),
    "a subject that is a number": (_taken("sub", 7), "(sub)"),
    "no auth_time": (_taken("auth_time", None), "(auth_time)"),
    "an old auth_time": (_at("auth_time", hours=-8, seconds=-11), "(auth_time)"),
    "a future auth_time": (_at("auth_time", seconds=11), "(auth_time)"),
    "an acr that is no word": (_taken("acr", ["strong"]), "(acr)"),
    "a sid that is no word": (_taken("sid", 5), "(sid)"),
    "the algorithm none": (_signed("none", None), "another algorithm"),
    "another algorithm of the same key": (_signed("PS256", KEY), "another algorithm"),
    "the public key as a secret": (_signed("HS256", KEY), "another algorithm"),
    "another key": (_signed("RS256", OTHER_KEY), "signature"),
    "an unknown kid": (_header(kid="two"), "names no key"),
    "a critical extension": (_header(crit=["exp"]), "another type"),
    "the type of an access token": (_header(typ="at+jwt"), "another type"),
    "the type of a logout token": (_header(typ="logout+jwt"), "another type"),
}


async def test_an_id_token_that_is_wrong_in_one_way_lets_nobody_in(signing: House, provider: OpenIdProvider) -> None:
    for what, (change, why) in NOT_BELIEVED.items():
        change(provider)
        browser = Browser(signing)
        answer = await browser.sign_in(provider)
        said = answer.body.decode()
        assert (answer.status, "sign-in-not-believed" in said, why in said) == (403, True, True), (what, said)
        assert "__Host-sid" not in browser.cookies, what
        provider.right_again()
        assert (await Browser(signing).sign_in(provider)).status == 303, f"right but for: {what}"
    refused = [one for one in await signing.entries() if one.class_ == "refusal"]
    assert [(one.context.reason, one.context.count) for one in refused] == [("sign-in-not-believed", len(NOT_BELIEVED))]


@pytest.mark.parametrize(
    "change",
    [
        _taken("aud", ["the-node"]),
        _taken("azp", "the-node"),
        _header(typ="JWT"),
        _header(kid=None),
        _at("iat", seconds=9),
        _at("auth_time", hours=-8),
        _taken("name", None),
        _taken("name", 5),
        _taken("roles", "sp-operators"),
        _taken("roles", ["another", "sp-operators", 7]),
    ],
)
async def test_what_a_provider_may_do_is_taken(signing: House, provider: OpenIdProvider, change: Any) -> None:
    change(provider)
    browser = Browser(signing)
    assert (await browser.sign_in(provider)).status == 303
    assert (await browser.get("/signed-in")).status == 200


async def test_an_answer_counts_once(signing: House, provider: OpenIdProvider) -> None:
    browser = Browser(signing)
    started = await browser.get("/sign-in/start")
    under_way = dict(browser.cookies)
    back = provider.authorize(location_of(started))
    assert (await browser.get(back, site="cross-site")).status == 303
    again = Browser(signing, under_way)
    answer = await again.get(back, site="cross-site")
    assert (answer.status, "sign-in-not-under-way" in answer.body.decode()) == (400, True)
    assert "__Host-sid" not in again.cookies


async def test_an_answer_that_was_refused_is_used_up_too(signing: House, provider: OpenIdProvider) -> None:
    browser = Browser(signing)
    started = await browser.get("/sign-in/start")
    asked = location_of(started)
    assert (await browser.get(provider.authorize(asked, code="wrong"), site="cross-site")).status == 403
    assert (await browser.get(provider.authorize(asked), site="cross-site")).status == 400


async def test_a_code_counts_once_at_the_provider_and_so_here(signing: House, provider: OpenIdProvider) -> None:
    browser, thief = Browser(signing), Browser(signing)
    answer = await browser.sign_in(provider)
    assert answer.status == 303
    code = provider.heard[0]["code"]
    assert (await thief.sign_in(provider, code=code)).status == 403


async def test_another_browser_cannot_finish_what_this_one_began(signing: House, provider: OpenIdProvider) -> None:
    browser, other = Browser(signing), Browser(signing)
    started = await browser.get("/sign-in/start")
    await other.get("/sign-in/start")
    back = provider.authorize(location_of(started))
    for stranger in (Browser(signing), other):
        assert (await stranger.get(back, site="cross-site")).status == 400
        assert "__Host-sid" not in stranger.cookies
    assert (await browser.get(back, site="cross-site")).status == 303


async def test_a_sign_in_takes_ten_minutes_at_the_most(signing: House, provider: OpenIdProvider, clock: StandingClock) -> None:
    for by, status in (({"minutes": 9, "seconds": 59}, 303), ({"minutes": 10}, 400)):
        browser = Browser(signing)
        started = await browser.get("/sign-in/start")
        clock.advance(**by)
        assert (await browser.get(provider.authorize(location_of(started)), site="cross-site")).status == status


@pytest.mark.parametrize(
    ("changed", "status", "code"),
    [
        ({"iss": "https://evil.example"}, 403, "sign-in-not-believed"),
        ({"iss": None}, 403, "sign-in-not-believed"),
        ({"state": None}, 400, "sign-in-not-under-way"),
        ({"state": "short"}, 400, "sign-in-not-under-way"),
        ({"state": "A" * 43}, 400, "sign-in-not-under-way"),
        ({"code": None}, 403, "sign-in-declined"),
        ({"code": ""}, 403, "sign-in-not-believed"),
        ({"code": "x" * 2049}, 403, "sign-in-not-believed"),
        ({"code": "never-given"}, 403, "sign-in-not-believed"),
        ({"error": "access_denied", "error_description": "<b>no</b>"}, 403, "sign-in-declined"),
    ],
)
async def test_an_answer_that_does_not_fit_lets_nobody_in(
    signing: House, provider: OpenIdProvider, changed: dict[str, str | None], status: int, code: str
) -> None:
    browser = Browser(signing)
    answer = await browser.sign_in(provider, **changed)
    assert (answer.status, code in answer.body.decode()) == (status, True)
    assert "<b>no</b>" not in answer.body.decode()
    assert "__Host-sid" not in browser.cookies


async def test_a_parameter_that_comes_twice_is_refused(signing: House, provider: OpenIdProvider) -> None:
    browser = Browser(signing)
    started = await browser.get("/sign-in/start")
    back = provider.authorize(location_of(started))
    assert (await browser.get(f"{back}&state={'A' * 43}", site="cross-site")).status == 400


async def test_a_provider_that_names_no_issuer_may_leave_it_out(signing: House, provider: OpenIdProvider) -> None:
    provider.metadata["authorization_response_iss_parameter_supported"] = None
    assert (await Browser(signing).sign_in(provider, iss=None)).status == 303
    assert (await Browser(signing).sign_in(provider, iss="https://evil.example")).status == 403


AWAY = [
    "https://evil.example",
    "//evil.example",
    "/\\evil.example",
    "/%09/evil.example",
    "/x//y",
    "/x?a=<b>",
    "/x?a\\b",
    "/x//y?a=b",
    "\\\\evil",
    "javascript:1",
    "evil",
    "/" + "x" * LONGEST,
    "/a#b",
    "/ä",
    "/a\r\nb",
    "",
]


async def test_nobody_is_led_away_after_signing_in(signing: House, provider: OpenIdProvider) -> None:
    for asked in AWAY:
        answer = await Browser(signing).sign_in(provider, f"/sign-in/start?back={quote(asked, safe='')}")
        assert location_of(answer) == "/signed-in", asked


async def test_the_id_before_a_sign_in_is_no_session_after_it(signing: House, provider: OpenIdProvider) -> None:
    planted = "A" * 43
    browser = Browser(signing, {"__Host-sid": planted})
    assert (await browser.sign_in(provider)).status == 303
    assert browser.cookies["__Host-sid"] != planted
    assert (await Browser(signing, {"__Host-sid": planted}).get("/signed-in")).status == 303
    first = browser.cookies["__Host-sid"]
    assert (await browser.sign_in(provider)).status == 303
    assert browser.cookies["__Host-sid"] != first
    assert (await Browser(signing, {"__Host-sid": first}).get("/signed-in")).status == 303


async def test_a_cookie_of_the_name_without_the_prefix_is_no_session(signing: House, provider: OpenIdProvider) -> None:
    browser = Browser(signing)
    await browser.sign_in(provider)
    value = browser.cookies["__Host-sid"]
    assert (await Browser(signing, {"sid": value}).get("/signed-in")).status == 303
    assert (await Browser(signing, {"sid": "A" * 43, "__Host-sid": value}).get("/signed-in")).status == 200
    twice = [("cookie", f"__Host-sid={value}; __Host-sid={'A' * 43}"), ("sec-fetch-site", "none")]
    assert (await browser.go("GET", "/signed-in", headers=twice)).status == 303


def kept_in(folder: Path) -> bytes:
    """Of the house's store, as it is on the disk."""
    return b"".join(path.read_bytes() for path in folder.rglob("gateway.db*"))


async def test_nothing_that_signs_anybody_in_is_in_a_log_or_in_the_log(
    signing: House, provider: OpenIdProvider, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        browser = Browser(signing)
        await browser.sign_in(provider)
        await browser.get("/signed-in")
        await Browser(signing).sign_in(provider, code="planted-code")
        provider.key = OTHER_KEY  # an id_token that is not believed, and a logout token that is
        assert (await Browser(signing).sign_in(provider)).status == 403
        provider.right_again()
        for token in (provider.logout_token(sub="ada"), provider.logout_token()):
            body = urlencode({"logout_token": token}).encode()
            form = [("content-type", "application/x-www-form-urlencoded")]
            await browser.go("POST", "/sign-in/back-channel-logout", headers=form, body=body)
    told = caplog.text + "".join(one.model_dump_json() for one in await signing.entries())
    secret = [browser.cookies["__Host-sid"], "planted-code", provider.heard[0]["code"], provider.heard[0]["code_verifier"]]
    secret += [provider.heard[0]["client_assertion"], provider.asked[0]["state"], provider.asked[0]["nonce"], "Ada", "Whitaker"]
    parts = [part for token in provider.made for part in token.split(".")[1:]]
    assert len(parts) == 8
    assert [one for one in (*secret, *parts) if one in told] == []
    stored = kept_in(tmp_path)
    assert [one for one in (*secret[:2], *parts, "Whitaker") if one.encode() in stored] == []


async def test_the_same_person_is_called_the_same_and_another_is_not(signing: House, provider: OpenIdProvider) -> None:
    names = []
    for subject in ("ada", "ada", "grace"):
        provider.next["sub"] = subject
        browser = Browser(signing)
        await browser.sign_in(provider)
        names.append((await person_of(browser, signing.now)).identifier)
    assert names[0] == names[1] != names[2]
