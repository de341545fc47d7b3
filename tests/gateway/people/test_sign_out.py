"""Signing out here, and at the provider too for who wants to: nothing personal goes into a URL."""

from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.gateway.house import ISSUER, House
from tests.gateway.people.openid_provider import OpenIdProvider
from tests.gateway.people.signing_in import Browser, location_of

pytestmark = pytest.mark.anyio


async def test_who_signs_out_is_offered_to_sign_out_at_the_provider_too(signing: House, provider: OpenIdProvider) -> None:
    browser = Browser(signing)
    await browser.sign_in(provider)
    answer = await browser.post("/sign-out")
    assert (answer.status, location_of(answer), browser.cookies) == (303, "/signed-out", {})
    page = await browser.get("/signed-out")
    assert 'href="/sign-out/provider"' in page.body.decode()
    there = urlsplit(location_of(await browser.get("/sign-out/provider")))
    assert f"{there.scheme}://{there.netloc}{there.path}" == f"{provider.issuer}/end"
    about = {"client_id": "the-node", "post_logout_redirect_uri": f"{ISSUER}/signed-out", "state": "everywhere"}
    assert dict(parse_qsl(there.query)) == about
    back = await browser.get("/signed-out?state=everywhere", site="cross-site")
    assert "at your agency" in back.body.decode()
    assert "/sign-out/provider" not in back.body.decode()


async def test_a_provider_without_a_sign_out_leads_back_here(signing: House, provider: OpenIdProvider) -> None:
    provider.metadata["end_session_endpoint"] = None
    assert location_of(await Browser(signing).get("/sign-out/provider")) == "/signed-out"


async def test_a_node_without_a_provider_says_so_and_leads_nowhere(house: House) -> None:
    browser = Browser(house)
    page = await browser.get("/sign-in?back=/signed-in")
    assert (page.status, "Nobody signs in here" in page.body.decode()) == (200, True)
    assert [(await browser.get(path)).status for path in ("/sign-in/start", "/sign-in/callback", "/sign-in/link")] == [404, 404, 404]
    assert location_of(await browser.get("/sign-out/provider")) == "/signed-out"
    assert "/sign-out/provider" not in (await browser.get("/signed-out")).body.decode()


async def test_files_of_pages_are_there_under_their_version_alone(peopled: House) -> None:
    browser = Browser(peopled)
    page = (await browser.get("/sign-in/link")).body.decode()
    paths = [part.split('"')[0] for part in page.split('"/assets/')[1:]]
    assert len(paths) == 4
    for path in paths:
        answer = await browser.get(f"/assets/{path}", site="same-origin")
        assert (answer.status, answer.headers["x-content-type-options"]) == (200, "nosniff")
        assert answer.headers["content-type"].split(";")[0] in ("text/css", "text/javascript", "image/svg+xml")
        assert (await browser.get(f"/assets/0{path[1:]}")).status == 404 or path[0] == "0"
    for path in ("0/page.css", f"{paths[0].split('/')[0]}/layout.html", f"{paths[0].split('/')[0]}/tokens.cs"):
        assert (await browser.get(f"/assets/{path}")).status == 404
