"""What is left of a link and of a visit in the store, and when either ends though nobody ends it."""

import asyncio
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, select, true

from services.gateway.family.links import FORGOTTEN
from services.gateway.tables import FamilyLinkRow, FamilySessionRow
from tests.conftest import StandingClock
from tests.gateway.family.families import FamilyBrowser
from tests.gateway.family.test_links import STUDENT, ask, came, is_going_on, made
from tests.gateway.house import House, open_house
from tests.postgres.waiting import somebody_waits

pytestmark = pytest.mark.anyio


async def links(house: House) -> list[FamilyLinkRow]:
    async with house.app.state.database.reading() as tx:
        return list((await tx.scalars(select(FamilyLinkRow))).all())


async def visits(house: House) -> int:
    """How many the store has, once those past their time were forgotten."""
    await house.app.state.families.visits.forget_ended(house.now)
    async with house.app.state.database.reading() as tx:
        return len((await tx.scalars(select(FamilySessionRow))).all())


async def district(house: House, *, ends: date) -> None:
    """The one district that makes links is no more from a day on."""
    state = await house.organisation("sea")
    await house.organisation("lea", parent_id=state.id, valid_until=ends)


async def came_for_119_minutes(house: House, clock: StandingClock) -> None:
    """A visit in which something was asked for often enough: a minute is left of it."""
    browser = await came(house)
    for _ in range(7):
        clock.advance(minutes=17)
        assert await is_going_on(browser)


async def test_a_link_that_was_used_holds_no_more_whom_it_is_for(house: House) -> None:
    await came(house)
    [row] = await links(house)
    assert row.sealed == FORGOTTEN


@pytest.mark.requirement("CON-family")
async def test_a_link_of_an_agency_that_is_no_more_lets_nobody_in_though_it_waits(house: House, clock: StandingClock) -> None:
    await district(house, ends=date(2026, 10, 22))
    link = await made(house)
    clock.advance(days=1, hours=16)
    assert (await FamilyBrowser(house).use(link.link)).status == 403
    assert await visits(house) == 0


@pytest.mark.requirement("CON-family")
async def test_a_visit_ends_with_the_last_day_of_the_agency(house: House, clock: StandingClock) -> None:
    await district(house, ends=date(2026, 10, 21))
    clock.advance(hours=15, minutes=50)
    browser = await came(house)
    clock.advance(minutes=9)
    assert await is_going_on(browser)
    clock.advance(minutes=1)
    assert not await is_going_on(browser)


async def test_before_it_began_a_visit_opens_nothing(house: House, clock: StandingClock) -> None:
    browser = await came(house)
    clock.advance(seconds=-1)
    assert not await is_going_on(browser)


async def test_visits_that_are_over_are_forgotten_and_no_others(house: House, clock: StandingClock) -> None:
    await came(house)
    clock.advance(minutes=29, seconds=59)
    assert await visits(house) == 1
    clock.advance(seconds=1)
    assert await visits(house) == 0, "nothing was asked for"
    await came_for_119_minutes(house, clock)
    assert await visits(house) == 1
    clock.advance(minutes=1)
    assert await visits(house) == 0, "two hours are over"


async def test_an_old_link_is_known_by_its_student_as_long_as_its_visit_goes_on(house: House, clock: StandingClock) -> None:
    link = await made(house)
    clock.instant = link.expires_at - timedelta(minutes=1)
    assert (await FamilyBrowser(house).use(link.link)).status == 303
    clock.advance(minutes=2)
    assert await visits(house) == 1
    assert [row.student_word is None for row in await links(house)] == [False]
    clock.advance(minutes=30)
    assert await visits(house) == 0
    assert [(row.student_word, row.member_word) for row in await links(house)] == [(None, None)]


async def can_be_taken_back(house: House) -> int:
    """Links for the student's family, as an officer's page has them."""
    async with house.app.state.database.reading() as tx:
        return len(await house.app.state.families.visits.open_links(tx, STUDENT, reach=true(), now=house.now))


async def test_an_officer_may_take_back_what_still_opens_something_at_that_very_instant_and_nothing_else(
    house: House, clock: StandingClock
) -> None:
    link = await made(house)
    clock.instant = link.expires_at - timedelta(milliseconds=1)
    assert await can_be_taken_back(house) == 1
    clock.advance(milliseconds=1)
    assert await can_be_taken_back(house) == 0, "its week is over"
    await came(house)
    clock.advance(minutes=29, seconds=59)
    assert await can_be_taken_back(house) == 1
    clock.advance(seconds=1)
    assert await can_be_taken_back(house) == 0, "nothing was asked for half an hour"
    await came_for_119_minutes(house, clock)
    clock.advance(seconds=59)
    assert await can_be_taken_back(house) == 1
    clock.advance(seconds=1)
    assert await can_be_taken_back(house) == 0, "two hours are over"


@pytest.mark.postgres
async def test_of_a_link_that_is_used_and_taken_back_at_once_no_visit_is_left_on_postgresql(
    tmp_path: Path, node_keys: Path, clock: StandingClock, postgres_url: str
) -> None:
    async with open_house(tmp_path, node_keys, clock, database_url=postgres_url) as house:
        for _ in range(10):
            link, browser = await made(house), FamilyBrowser(house)
            used, taken = await asyncio.gather(browser.use(link.link), ask(house, "POST", f"/v1/family-links/{link.id}/withdrawal"))
            assert (used.status in (303, 403), taken.status) == (True, 200)
            assert used.status == 403 or not await is_going_on(browser)
        assert await visits(house) == 0


@pytest.mark.postgres
async def test_a_visit_and_its_link_are_past_their_time_while_the_link_is_taken_back_and_nobody_waits_for_good(
    tmp_path: Path, node_keys: Path, clock: StandingClock, postgres_url: str
) -> None:
    async with open_house(tmp_path, node_keys, clock, database_url=postgres_url) as house:
        link = await made(house)
        clock.advance(hours=167, minutes=59)
        assert (await FamilyBrowser(house).use(link.link)).status == 303
        clock.advance(hours=2)
        database = house.app.state.database
        async with asyncio.timeout(30), database.engine.connect() as taking:
            await taking.execute(select(FamilyLinkRow.id).where(FamilyLinkRow.id == link.id).with_for_update())
            forgetting = asyncio.ensure_future(house.app.state.families.visits.forget_ended(house.now))
            for _ in range(500):  # until it waits for the link
                if await somebody_waits(database):
                    break
                await asyncio.sleep(0.01)
            await taking.execute(delete(FamilySessionRow).where(FamilySessionRow.link_id == link.id))
            await taking.commit()
            await forgetting
        assert await visits(house) == 0
        assert [row.student_word for row in await links(house)] == [None]
