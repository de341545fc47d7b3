"""The operator of an embedded node comes in by a link that its own machine prints: once, within ten minutes, seen by no log."""

import asyncio
import logging
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from sqlalchemy import select

from services.gateway.people.cookies import digest_of_value
from services.gateway.tables import ConsoleLinkRow
from tests.conftest import StandingClock
from tests.gateway.by_hand import Answer
from tests.gateway.house import ISSUER, House, open_house
from tests.gateway.people.signing_in import Browser, person_of

pytestmark = pytest.mark.anyio

FORM = [("content-type", "application/x-www-form-urlencoded"), ("sec-fetch-site", "same-origin"), ("origin", ISSUER)]


async def _use(browser: Browser, link: str, headers: list[tuple[str, str]] = FORM) -> Answer:
    return await browser.go("POST", "/sign-in/link", headers=headers, body=f"link={quote(link, safe='')}".encode())


@pytest.mark.requirement("DOOR-people")
async def test_the_operator_comes_in_once(peopled: House) -> None:
    state = await peopled.organisation("sea")
    link = await peopled.hand.make_console_link()
    assert link.startswith(f"{ISSUER}/sign-in/link#")
    browser = Browser(peopled)
    assert (await browser.get("/sign-in/link")).status == 200
    answer = await _use(browser, link)
    assert (answer.status, answer.headers["location"]) == (303, "/signed-in")
    person = await person_of(browser, peopled.now)
    assert (person.role, person.organisation_id, person.display_name) == ("operator", state.id, None)
    again = await _use(Browser(peopled), link)
    assert (again.status, "link-not-good" in again.body.decode()) == (403, True)
    entries = [one for one in await peopled.entries() if "link" in one.context.operation]
    assert [(one.context.operation, one.actor.kind) for one in entries] == [
        ("console-link-made", "operator"),
        ("signed-in-by-link", "person"),
    ]
    assert link.partition("#")[2] not in "".join(one.model_dump_json() for one in entries)


async def test_what_is_behind_the_sign_alone_will_do_too(peopled: House) -> None:
    await peopled.organisation("sea")
    link = await peopled.hand.make_console_link()
    assert (await _use(Browser(peopled), link.partition("#")[2])).status == 303


async def test_a_link_works_for_ten_minutes(peopled: House, clock: StandingClock) -> None:
    await peopled.organisation("sea")
    for by, status in (({"minutes": 9, "seconds": 59}, 303), ({"minutes": 10}, 403)):
        link = await peopled.hand.make_console_link()
        clock.advance(**by)
        assert (await _use(Browser(peopled), link)).status == status


async def test_of_many_who_have_a_link_at_the_same_moment_one_comes_in(peopled: House) -> None:
    await peopled.organisation("sea")
    link = await peopled.hand.make_console_link()
    answers = await asyncio.gather(*(_use(Browser(peopled), link) for _ in range(8)))
    assert Counter(answer.status for answer in answers) == {303: 1, 403: 7}


@pytest.mark.parametrize(
    "headers", [FORM[:1], [*FORM[:1], ("sec-fetch-site", "cross-site")], [*FORM[:1], ("origin", "https://evil.example")]]
)
async def test_another_site_cannot_use_a_link(peopled: House, headers: list[tuple[str, str]]) -> None:
    await peopled.organisation("sea")
    link = await peopled.hand.make_console_link()
    assert (await _use(Browser(peopled), link, headers)).status == 403
    assert (await _use(Browser(peopled), link)).status == 303


@pytest.mark.parametrize("link", ["", "x", "A" * 43, f"{ISSUER}/sign-in/link#", "A" * 1000, "ä" * 43])
async def test_what_is_no_link_lets_nobody_in(peopled: House, link: str) -> None:
    await peopled.organisation("sea")
    await peopled.hand.make_console_link()
    assert (await _use(Browser(peopled), link)).status == 403


async def test_a_node_that_takes_no_links_has_no_page_for_them_and_keeps_nobody_in(
    tmp_path: Path, node_keys: Path, clock: StandingClock, empty_store: Path, peoples: dict[str, Any], peopled: House
) -> None:
    await peopled.organisation("sea")
    browser = Browser(peopled)
    await _use(browser, await peopled.hand.make_console_link())
    folder = tmp_path / "without"
    folder.mkdir()
    database = {"database_url": peopled.settings.database_url}
    async with open_house(folder, node_keys, clock, template=empty_store, **peoples | {"people_links": False} | database) as house:
        stranger = Browser(house, dict(browser.cookies))
        assert (await stranger.get("/signed-in")).status == 303
        assert (await stranger.get("/sign-in/link")).status == 404
        assert (await _use(stranger, await house.hand.make_console_link())).status == 404


async def test_a_link_is_in_no_log_and_not_in_the_store(peopled: House, caplog: pytest.LogCaptureFixture) -> None:
    await peopled.organisation("sea")
    link = await peopled.hand.make_console_link()
    secret = link.partition("#")[2]
    with caplog.at_level(logging.DEBUG):
        browser = Browser(peopled)
        assert (await _use(browser, link)).status == 303
        await browser.get("/signed-in")
    assert secret not in caplog.text
    assert browser.cookies["__Host-sid"] not in caplog.text
    assert "?" not in link
    await peopled.hand.make_console_link()
    async with peopled.app.state.database.reading() as tx:
        held = (await tx.execute(select(ConsoleLinkRow.digest))).scalars().all()
    assert len(held) == 1
    assert held[0] != digest_of_value(secret)
