"""The same on both engines and at two processes: of those who come with the same name, code or refresh token at the same time, one wins."""

import asyncio
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from fastapi import FastAPI

from services.gateway.app import create_app
from shared.siblings import InProcess
from tests.conftest import StandingClock
from tests.gateway.by_hand import Answer, ask_token
from tests.gateway.house import House, open_house
from tests.gateway.oauth.codes.flow import CALLBACK, Application, answered, application, person
from tests.gateway.people.signing_in import Browser

pytestmark = pytest.mark.anyio


def _two(house: House) -> list[FastAPI]:
    """The house's process, and another one on its store."""
    transports = {}
    for name, behind in house.behind.items():
        transports[name] = InProcess()
        transports[name].app = behind
    return [house.app, create_app(house.settings, transports=transports, clock=house.clock)]  # type: ignore[arg-type]


async def _holds(house: House) -> None:
    app, browser = await application(house), await person(house)
    async with AsyncExitStack() as stack:
        both = _two(house)
        await stack.enter_async_context(both[1].router.lifespan_context(both[1]))
        code = await _one_answer(app, browser, both)
        token = await _one_exchange(app, code, both)
        await _one_rotation(app, token, both)


async def _one_answer(app: Application, browser: Browser, both: list[FastAPI]) -> str:
    name, token = await app.pushed(), await browser.form_token()
    form = {"client_id": app.party.client_id, "request_uri": name, "answer": "approve"}

    async def answer(process: FastAPI) -> Answer:
        house = House(process, app.house.settings, app.house.clock, app.house.hand, app.house.behind)
        return await Browser(house, dict(browser.cookies)).post("/oauth/authorize", token=token, **form)

    answers = await asyncio.gather(*(answer(process) for process in both * 4))
    assert Counter(one.status for one in answers) == {303: 1, 400: 7}, urlencode(form)
    return next(answered(one)["code"] for one in answers if one.status == 303)


async def _one_exchange(app: Application, code: str, both: list[FastAPI]) -> str:
    """One wins, and as the others are copies of it, nothing that it won is worth anything: what RFC 6749 section 4.1.2 asks."""

    async def exchange(process: FastAPI) -> Answer:
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "code_verifier": app.verifier}
        return await ask_token(process, app.party, app.house.now, form=form | app.party.proven(app.house.now))

    answers = await asyncio.gather(*(exchange(process) for process in both * 4))
    assert Counter(one.status for one in answers) == {200: 1, 400: 7}
    got = next(one.json for one in answers if one.status == 200)
    await both[0].state.standing.refresh()
    assert (await app.house.call(app.party, got["access_token"], "GET", "/v1/decisions")).status == 401
    assert (await app.refresh(got["refresh_token"])).status == 400
    return str((await app.tokens(await person(app.house)))["refresh_token"])


async def _one_rotation(app: Application, token: str, both: list[FastAPI]) -> None:
    """One rotates; the others may have lost the answer, and are told the same, until the next is used: then they are copies."""
    two = await asyncio.gather(*(app.refresh(token, app=process) for process in both))
    assert [one.status for one in two] == [200, 200]
    [following] = {one.json["refresh_token"] for one in two}
    assert (await app.refresh(following)).status == 200
    assert (await app.refresh(token)).status == 400
    token = (await app.tokens(await person(app.house)))["refresh_token"]
    answers = await asyncio.gather(*(app.refresh(token, app=process) for process in both * 4))
    assert Counter(one.status for one in answers) == {200: 8}
    [following] = {one.json["refresh_token"] for one in answers}
    raced = await asyncio.gather(*(app.refresh(one, app=process) for process in both for one in (token, following)))
    assert {one.status for one in raced} <= {200, 400}
    assert (await app.refresh(token)).status == 400, "whoever was first, its successor was used"
    assert (await app.refresh(following)).status == 400


async def test_one_wins_on_sqlite(peopled: House) -> None:
    await _holds(peopled)


@pytest.mark.postgres
async def test_one_wins_on_postgresql(
    tmp_path: Path, node_keys: Path, clock: StandingClock, postgres_url: str, peoples: dict[str, Any]
) -> None:
    async with open_house(tmp_path, node_keys, clock, database_url=postgres_url, **peoples) as house:
        await _holds(house)


@pytest.mark.postgres
@pytest.mark.requirement("DOOR-refresh")
async def test_what_is_given_while_its_person_signs_out_is_over_on_postgresql(
    tmp_path: Path, node_keys: Path, clock: StandingClock, postgres_url: str, peoples: dict[str, Any]
) -> None:
    async with open_house(tmp_path, node_keys, clock, database_url=postgres_url, **peoples) as house:
        app = await application(house)
        for _ in range(12):
            browser, name = await person(house), await app.pushed()
            token, cookies = await browser.form_token(), dict(browser.cookies)
            form = {"client_id": app.party.client_id, "request_uri": name, "answer": "approve"}
            given, out = await asyncio.gather(
                Browser(house, dict(cookies)).post("/oauth/authorize", token=token, **form),
                Browser(house, dict(cookies)).post("/sign-out", token=token),
            )
            assert (out.status, given.status in (303, 401)) == (303, True)
            if given.status == 303 and "code" in answered(given):
                assert (await app.exchange(answered(given)["code"])).status == 400
