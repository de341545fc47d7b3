"""Today: what crossed the state line by the log's own count, drawn and in tables, and what stayed within it left out."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import pytest

from safepassage.wire_log_tallies import Tallies, Tally, TallyRow
from services.gateway.console.crossed import crossed_of
from services.gateway.people.roles import Role
from shared.who_may_call import ServiceName
from tests.conftest import StandingClock
from tests.gateway.console.consoles import Console, new_district, open_console
from tests.gateway.console.crossing import CEDAR, PEERS, received, refused, sent
from tests.gateway.console.test_pages import one_duty

pytestmark = pytest.mark.anyio

LATE = datetime(2026, 10, 20, 20, 0, tzinfo=UTC)


@pytest.fixture
async def alder(tmp_path: Path, clock: StandingClock) -> AsyncIterator[Console]:
    """A node that knows two others."""
    clock.instant = LATE
    async with open_console(tmp_path, clock, peers=PEERS) as running:
        yield running


def figures(page: str) -> dict[str, str]:
    """The cards: what each is called, and its figure."""
    return {
        re.sub("<[^>]+>", "", title): figure
        for title, figure in re.findall(r'<li class="card[^"]*"><h2>(.*?)</h2><p class="big">([^<]+?) ?<', page)
    }


@pytest.mark.requirement("CON-crossings")
async def test_what_crossed_today_is_counted_drawn_and_told_in_a_table(alder: Console, clock: StandingClock) -> None:
    await sent(alder, 3)
    await sent(alder, 2, to=CEDAR, purpose="safety")
    await sent(alder, 4, within=True)
    await received(alder, 7, sender=CEDAR)
    await refused(alder, 5)
    await refused(alder, 1, reason=None)
    clock.advance(seconds=1)
    page = (await (await alder.browser("auditor")).get("/console")).body.decode()
    found = figures(page)
    assert (found["Records sent"], found["Records received"], found["Requests refused"]) == ("5", "7", "6")
    rows = re.findall(r'<th scope="row">([^<]+)</th><td>([^<]+)</td><td>([^<]+)</td><td class="number">(\d+)</td>', page)
    assert set(rows) == {
        ("Alder", "Enrollment", "Birch", "3"),
        ("Alder", "Health or safety", "Oregon", "2"),
        ("Oregon", "Enrollment", "Alder", "7"),
    }
    assert "Most: 7 from Oregon to Alder, for: Enrollment." in page
    assert re.search(r"There is no written agreement</dt>.*\n?.*>5<", page)
    assert "Several reasons at once" in page
    assert "What crossed the state line today?" in page


@pytest.mark.requirement("CON-crossings")
async def test_a_day_is_the_readers_and_is_held_against_its_weekday(alder: Console, clock: StandingClock) -> None:
    for week in range(4):
        await sent(alder, 10 + week)
        clock.advance(days=7)
    await sent(alder, 2)
    clock.advance(seconds=1)
    browser = await alder.browser("privacy-officer")
    page = (await browser.get("/console")).body.decode()
    assert figures(page)["Records sent"] == "2"
    assert "A usual Tuesday has 12" in page, "the median of 10, 11, 12 and 13, rounded to the even one"
    clock.advance(hours=12)  # the next day in New York, and the same still in Honolulu
    browser = await alder.browser("privacy-officer", authenticated_at=clock())
    assert figures((await browser.get("/console")).body.decode())["Records sent"] == "0"
    await browser.post("/console/preferences", zone="Pacific/Honolulu")
    assert figures((await browser.get("/console")).body.decode())["Records sent"] == "2"


@pytest.mark.requirement("CON-foreign")
async def test_a_district_counts_its_own_students_alone(alder: Console, clock: StandingClock) -> None:
    await sent(alder, 3)
    clock.advance(seconds=1)
    browser = await alder.browser("district-officer")
    assert figures((await browser.get("/console")).body.decode())["Records sent"] == "3"
    other = await alder.house.hand.add_organisation(new_district("Wasco County", alder.agency, nces_id="4112345"))
    another = await alder.browser("district-officer", organisation_id=other.id, subject="of another")
    await alder.settle()
    assert figures((await another.get("/console")).body.decode())["Records sent"] == "0"


async def test_days_on_which_nothing_crossed_are_said_in_words(alder: Console) -> None:
    page = (await (await alder.browser("auditor")).get("/console")).body.decode()
    for said in (
        "No record crossed the state line in these days.",
        "Nothing was sent, received or refused in these days.",
        "No request was refused in these days.",
    ):
        assert said in page
    assert figures(page)["Records sent"] == "0"


UNREAD = r"Could not be read at Oct 20, \d:\d\d\sPM EDT; nothing was changed\."


def silence(console: Console, *services: ServiceName) -> None:
    """From now on these do not answer."""
    for service in services:
        console.house.app.state.siblings._transports[service].app = None


@pytest.mark.requirement("CON-unread")
async def test_parts_that_need_a_log_which_does_not_answer_say_so_in_their_place_and_the_rest_is_shown(alder: Console) -> None:
    await sent(alder, 3)
    await one_duty(alder)
    silence(alder, "audit")
    answer = await (await alder.browser("auditor")).get("/console")
    page = answer.body.decode()
    assert answer.status == 200
    assert "Parts of this page could not be read" in page
    found = figures(page)
    unknown = ("Records sent", "Records received", "Requests refused", "Open alerts")
    assert [found[name] for name in unknown] == ["–"] * 4, "what is not known is not nought"
    assert (found["Duties too late"], found["Readiness"][-1]) == ("1", "%")
    assert "Answer a question of the public" in page
    assert "How the log stands is not known." in page
    assert len(re.findall(UNREAD, page)) == 4 + 1 + 4, "a card each, the log's health, alerts, and three pictures"
    for said_of_nothing in ("No record crossed", "Nothing was sent", "No request was refused", "No open alert", "A usual Tuesday"):
        assert said_of_nothing not in page
    browser = await alder.browser("auditor")
    await browser.post("/console/preferences", language="es")
    spanish = (await browser.get("/console")).body.decode()
    assert len(re.findall(r"No se pudo leer \(20 oct[^)]+\); no se cambió nada\.", spanish)) == 9


@pytest.mark.requirement("CON-unread")
async def test_duties_and_readiness_that_cannot_be_read_are_not_said_to_be_done(alder: Console, clock: StandingClock) -> None:
    await sent(alder, 3)
    clock.advance(seconds=1)
    silence(alder, "privacy")
    answer = await (await alder.browser("auditor")).get("/console")
    found, page = figures(answer.body.decode()), answer.body.decode()
    assert answer.status == 200
    assert (found["Records sent"], found["Open alerts"]) == ("3", "0")
    assert [found[name] for name in ("Duties too late", "In their last days", "Readiness")] == ["–"] * 3
    assert len(re.findall(UNREAD, page)) == 3 + 1
    assert "Every clock was kept" not in page
    assert "No clock runs" not in page


@pytest.mark.requirement("CON-unread")
async def test_where_nothing_at_all_can_be_read_the_page_says_so_and_its_status_too(alder: Console) -> None:
    silence(alder, "audit", "privacy", "records")
    for role in get_args(Role):
        answer = await (await alder.browser(role)).get("/console")
        assert (answer.status, "Parts of this page could not be read" in answer.body.decode()) == (503, True), role


async def test_a_whole_page_does_not_say_that_parts_are_missing_nor_speaks_of_what_is_not_of_a_role(alder: Console) -> None:
    for role in get_args(Role):
        page = (await (await alder.browser(role)).get("/console")).body.decode()
        assert "could not be read" not in page.lower()
        assert "is not known" not in page
    silence(alder, "audit")
    page = (await (await alder.browser("district-officer")).get("/console")).body.decode()
    assert "Open alerts" not in page
    assert "How the log stands" not in page


def test_a_state_that_the_trust_list_knows_no_more_is_said_to_be_unknown_and_counts() -> None:
    row = TallyRow(interval=28, values=("enrollment", ""), entries=4)
    tallies = Tallies(tallies=(Tally(rows=(row,)), Tally(rows=()), Tally(rows=())), not_looked_at=0)
    days = [datetime(2026, 10, 1, tzinfo=UTC).date()] * 29
    crossed = crossed_of(tallies, days, own="XA")
    assert [(one.recipient, one.records) for one in crossed.crossings] == [("ZZ", 4)]
    assert crossed.sent.today == 4
