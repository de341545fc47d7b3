"""What needs a person of a moment ago: they go to the provider, come back to where they were, and have another session id."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.conftest import StandingClock
from tests.gateway.house import House, open_house
from tests.gateway.people.openid_provider import OpenIdProvider
from tests.gateway.people.signing_in import Browser, location_of, person_of

pytestmark = pytest.mark.anyio

START = "/sign-in/start?back=%2Fsigned-in%3Fa%3D1&step=up"


@pytest.fixture
async def strict(
    tmp_path: Path, node_keys: Path, clock: StandingClock, empty_store: Path, peoples: dict[str, Any], provider: OpenIdProvider
) -> AsyncIterator[House]:
    """A house in which the page that says who is signed in needs a step-up, and `mfa` is strong."""
    settings = peoples | {"people_issuer": provider.issuer, "insecure_development": True, "people_strong_acr": ("mfa", "phr")}
    async with open_house(tmp_path, node_keys, clock, template=empty_store, **settings) as opened:
        await opened.organisation("sea")
        by_method = opened.app.state.door.entrances.public.routes._literal["/signed-in"]
        before = by_method["GET"]
        by_method["GET"] = replace(before, step_up=True)
        yield opened
        by_method["GET"] = before


async def test_a_person_confirms_and_comes_back_to_where_they_were(strict: House, provider: OpenIdProvider, clock: StandingClock) -> None:
    provider.next["acr"] = "password"
    browser = Browser(strict)
    await browser.sign_in(provider)
    before = browser.cookies["__Host-sid"]
    answer = await browser.get("/signed-in?a=1")
    assert (answer.status, location_of(answer)) == (303, "/sign-in?back=%2Fsigned-in%3Fa%3D1&step=up")
    page = await browser.get(location_of(answer))
    assert START.replace("&", "&amp;") in page.body.decode()
    provider.next["acr"] = "mfa"
    clock.advance(minutes=1)
    back = await browser.sign_in(provider, START)
    assert (back.status, location_of(back)) == (303, "/signed-in?a=1")
    assert (provider.asked[-1]["acr_values"], provider.asked[-1]["max_age"]) == ("mfa phr", "300")
    assert browser.cookies["__Host-sid"] != before
    assert (await browser.get("/signed-in?a=1")).status == 200
    assert (await Browser(strict, {"__Host-sid": before}).get("/signed-in")).status == 303
    person = await person_of(browser, clock())
    assert (person.acr, person.authenticated_at) == ("mfa", clock())
    assert [one.context.operation for one in await strict.entries() if one.class_ == "authentication"] == ["signed-in", "stepped-up"]


async def test_who_confirms_comes_back_to_a_long_address_too(strict: House, provider: OpenIdProvider) -> None:
    provider.next["acr"] = "mfa"
    where = "/signed-in?a=" + "x" * 2_000
    back = await Browser(strict).sign_in(provider, f"/sign-in/start?{urlencode({'back': where, 'step': 'up'})}")
    assert (back.status, location_of(back)) == (303, where)


async def test_a_step_up_lasts_five_minutes(strict: House, provider: OpenIdProvider, clock: StandingClock) -> None:
    provider.next["acr"] = "mfa"
    browser = Browser(strict)
    await browser.sign_in(provider)
    clock.advance(minutes=4, seconds=59)
    assert (await browser.get("/signed-in")).status == 200
    clock.advance(seconds=1)
    assert location_of(await browser.get("/signed-in")).endswith("step=up")


@pytest.mark.parametrize("claims", [{"acr": "password"}, {"acr": None}, {"acr": "mfa", "auth_time": 1}])
async def test_a_provider_that_does_not_confirm_as_was_asked_is_not_believed(
    strict: House, provider: OpenIdProvider, clock: StandingClock, claims: dict[str, Any]
) -> None:
    provider.next["acr"] = "password"
    browser = Browser(strict)
    await browser.sign_in(provider)
    held = dict(browser.cookies)
    provider.next |= claims if claims.get("auth_time") is None else claims | {"auth_time": int(clock().timestamp()) - 311}
    answer = await browser.sign_in(provider, START)
    assert (answer.status, "sign-in-not-believed" in answer.body.decode()) == (403, True)
    assert browser.cookies["__Host-sid"] == held["__Host-sid"]


async def test_another_person_cannot_confirm(strict: House, provider: OpenIdProvider) -> None:
    provider.next["acr"] = "mfa"
    browser = Browser(strict)
    await browser.sign_in(provider)
    before = browser.cookies["__Host-sid"]
    provider.next["sub"] = "grace"
    answer = await browser.sign_in(provider, START)
    assert (answer.status, "Another person" in answer.body.decode()) == (403, True)
    assert browser.cookies["__Host-sid"] == before
    assert (await browser.get("/signed-in")).status == 200


async def test_a_form_that_needs_a_step_up_is_refused_with_a_way_to_it(
    strict: House, provider: OpenIdProvider, clock: StandingClock
) -> None:
    provider.next["acr"] = "mfa"
    browser = Browser(strict)
    await browser.sign_in(provider)
    token = await browser.form_token()
    by_method = strict.app.state.door.entrances.public.routes._literal["/sign-out"]
    before = by_method["POST"]
    by_method["POST"] = replace(before, step_up=True)
    try:
        clock.advance(minutes=5)
        answer = await browser.post("/sign-out", token=token)
    finally:
        by_method["POST"] = before
    assert (answer.status, "step-up-needed" in answer.body.decode()) == (401, True)
    assert 'href="/sign-in?step=up"' in answer.body.decode()


async def test_a_link_is_as_good_as_it_is_new(strict: House, clock: StandingClock) -> None:
    browser = Browser(strict)
    link = await strict.hand.make_console_link()
    headers = [("content-type", "application/x-www-form-urlencoded"), ("sec-fetch-site", "same-origin")]
    assert (await browser.go("POST", "/sign-in/link", headers=headers, body=f"link={link.partition('#')[2]}".encode())).status == 303
    assert (await browser.get("/signed-in")).status == 200
    clock.advance(minutes=5)
    assert (await browser.get("/signed-in")).status == 303
