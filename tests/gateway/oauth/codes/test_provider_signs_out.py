"""When the agency's provider signs a person out, what they let applications do ends too."""

from typing import Any
from urllib.parse import urlencode

import pytest

from services.gateway.oauth.codes.asking import Asking
from services.gateway.oauth.codes.reach import Reach
from tests.conftest import StandingClock
from tests.gateway.by_hand import ask
from tests.gateway.house import House
from tests.gateway.oauth.codes.flow import Application, application
from tests.gateway.people.openid_provider import OpenIdProvider
from tests.gateway.people.signing_in import Browser

pytestmark = pytest.mark.anyio

FORM = [("content-type", "application/x-www-form-urlencoded")]


async def tokens_of_two(signing: House, provider: OpenIdProvider, app: Application) -> dict[str, Any]:
    """What the application holds of Ada and of Grace, each in a session of their own at the provider."""
    tokens = {}
    for name in ("ada", "grace"):
        provider.next |= {"sub": name, "sid": name}
        browser = Browser(signing)
        assert (await browser.sign_in(provider)).status == 303
        tokens[name] = await app.tokens(browser)
    return tokens


@pytest.mark.requirement("DOOR-refresh")
async def test_the_provider_ends_what_the_person_let_applications_do(signing: House, provider: OpenIdProvider) -> None:
    app = await application(signing, "alerts:read")
    tokens = await tokens_of_two(signing, provider, app)
    body = urlencode({"logout_token": provider.logout_token(sid="ada")}).encode()
    assert (await ask(signing.app, "POST", "/sign-in/back-channel-logout", headers=FORM, body=body)).status == 200
    opens = [(await signing.call(app.party, got["access_token"], "GET", "/v1/log/alerts")).status for got in tokens.values()]
    assert opens == [401, 200]
    assert [(await app.refresh(got["refresh_token"])).status for got in tokens.values()] == [400, 200]
    ended = [one for one in await signing.entries() if one.context.operation == "authorization-ended"]
    assert [(one.context.reason, one.actor.kind) for one in ended] == [("signed-out", "person")]


@pytest.mark.requirement("DOOR-refresh")
async def test_it_ends_what_was_let_be_done_in_its_session_though_ours_was_over_before(
    signing: House, provider: OpenIdProvider, clock: StandingClock
) -> None:
    """A session here ends when nothing is asked for a quarter of an hour; what came of it goes on for hours."""
    app = await application(signing, "alerts:read")
    tokens = await tokens_of_two(signing, provider, app)
    clock.advance(minutes=16)
    await signing.app.state.people.sessions.forget_ended(clock())
    await signing.app.state.standing.refresh()
    body = urlencode({"logout_token": provider.logout_token(sid="ada")}).encode()
    assert (await ask(signing.app, "POST", "/sign-in/back-channel-logout", headers=FORM, body=body)).status == 200
    assert [(await app.refresh(got["refresh_token"])).status for got in tokens.values()] == [400, 200]
    [ended] = [one for one in await signing.entries() if one.context.operation == "authorization-ended"]
    assert (ended.context.reason, ended.actor.kind, ended.actor.person is None) == ("signed-out", "person", False)


@pytest.mark.requirement("DOOR-refresh")
async def test_who_is_signed_out_while_they_agree_has_not_agreed(
    signing: House, provider: OpenIdProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What came of it would have been known to nobody who ends what is there, and go on for as long as it lasts."""
    app, browser = await application(signing, "alerts:read"), Browser(signing)
    provider.next |= {"sub": "ada", "sid": "ada"}
    assert (await browser.sign_in(provider)).status == 303
    reach = Asking._reach

    async def signed_out_meanwhile(asking: Asking, *about: Any) -> Reach | None:
        body = urlencode({"logout_token": provider.logout_token(sid="ada")}).encode()
        assert (await ask(signing.app, "POST", "/sign-in/back-channel-logout", headers=FORM, body=body)).status == 200
        return await reach(asking, *about)

    pushed = await app.pushed()
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(Asking, "_reach", signed_out_meanwhile)
        answer = await app.answer(browser, pushed)
    assert (answer.status, "location" in answer.headers) == (401, False), answer
    assert (await browser.sign_in(provider)).status == 303
    assert (await app.answer(browser, pushed)).status == 303, "the question still stands for who signs in again"
