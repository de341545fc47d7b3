"""Two processes of a gateway share sessions: what one begins the other knows, what one ends the other refuses, what counts once does so."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from sqlalchemy import func, select

from services.gateway.tables import SessionRow
from tests.conftest import StandingClock
from tests.gateway.by_hand import ask
from tests.gateway.house import House, open_house
from tests.gateway.people.openid_provider import OpenIdProvider
from tests.gateway.people.signing_in import Browser, location_of

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def _two(
    tmp_path: Path, node_keys: Path, clock: StandingClock, settings: dict[str, Any], **about: Any
) -> AsyncIterator[tuple[House, House]]:
    async with (
        open_house(tmp_path, node_keys, clock, **about, **settings) as first,
        open_house(tmp_path, node_keys, clock, database_url=first.settings.database_url, **settings) as second,
    ):
        await first.organisation("sea")
        yield first, second


async def _holds(first: House, second: House, provider: OpenIdProvider, clock: StandingClock) -> None:
    here = Browser(first)
    answer = await here.get("/sign-in/start")
    there = Browser(second, here.cookies)  # the same browser, and its cookies
    assert (await there.get(provider.authorize(location_of(answer)), site="cross-site")).status == 303
    for browser in (here, there):
        assert (await browser.get("/signed-in")).status == 200
    for _ in range(3):  # seen at either
        clock.advance(minutes=14)
        assert (await there.get("/signed-in")).status == 200
        clock.advance(minutes=14)
        assert (await here.get("/signed-in")).status == 200
    assert await here.form_token() == await there.form_token()
    held = dict(here.cookies)
    assert (await here.post("/sign-out")).status == 303
    assert (await Browser(second, held).get("/signed-in")).status == 303

    started = await here.get("/sign-in/start")
    back = provider.authorize(location_of(started))
    racing = [Browser(house, dict(here.cookies)) for house in (first, second) for _ in range(4)]
    answers = await asyncio.gather(*(browser.get(back, site="cross-site") for browser in racing))
    assert Counter(one.status for one in answers) == {303: 1, 400: 7}

    token = provider.logout_token(sub="ada")
    body = urlencode({"logout_token": token}).encode()
    form = [("content-type", "application/x-www-form-urlencoded")]
    path = "/sign-in/back-channel-logout"
    told = await asyncio.gather(*(ask(house.app, "POST", path, headers=form, body=body) for house in (first, second) for _ in range(4)))
    assert Counter(one.status for one in told) == {200: 1, 400: 7}
    async with first.app.state.database.reading() as tx:
        assert (await tx.execute(select(func.count()).select_from(SessionRow))).scalar_one() == 0

    link = (await first.hand.make_console_link()).partition("#")[2]
    headers = [*form, ("sec-fetch-site", "same-origin")]
    used = [ask(house.app, "POST", "/sign-in/link", headers=headers, body=f"link={link}".encode()) for house in (first, second)]
    assert Counter(one.status for one in await asyncio.gather(*used)) == {303: 1, 403: 1}


def _settings(peoples: dict[str, Any], provider: OpenIdProvider) -> dict[str, Any]:
    return peoples | {"people_issuer": provider.issuer, "insecure_development": True}


async def test_they_do_on_sqlite(
    tmp_path: Path, node_keys: Path, clock: StandingClock, empty_store: Path, peoples: dict[str, Any], provider: OpenIdProvider
) -> None:
    async with _two(tmp_path, node_keys, clock, _settings(peoples, provider), template=empty_store) as (first, second):
        await _holds(first, second, provider, clock)


@pytest.mark.postgres
async def test_they_do_on_postgresql(
    tmp_path: Path, node_keys: Path, clock: StandingClock, postgres_url: str, peoples: dict[str, Any], provider: OpenIdProvider
) -> None:
    async with _two(tmp_path, node_keys, clock, _settings(peoples, provider), database_url=postgres_url) as (first, second):
        await _holds(first, second, provider, clock)
