"""One other state's node: its entry, its keys, day by day whose counts agree, who witnesses whom, and what is to be done."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from services.gateway.console.states_known import long_code
from tests.conftest import StandingClock
from tests.gateway.console.consoles import HOSTILE, Console, open_console
from tests.gateway.console.crossing import sent
from tests.gateway.console.exchanged import exchanges_of_each_kind, stored
from tests.gateway.console.neighbours import Neighbour, compared_day, witnessed, witnessing
from tests.gateway.people.signing_in import Browser

pytestmark = pytest.mark.anyio

PATH = "/console/states"
ONE = f"{PATH}/XB"


@pytest.fixture
def birch() -> Neighbour:
    return Neighbour("https://birch.example", "XB", HOSTILE)


@pytest.fixture
async def console(tmp_path: Path, clock: StandingClock, birch: Neighbour) -> AsyncIterator[Console]:
    """A node whose list has one other member of Birch, and two of Oregon."""
    twins = [Neighbour(f"https://{name}.example", "OR") for name in ("north", "south")]
    async with open_console(tmp_path, clock, members=[one.member() for one in (birch, *twins)]) as running:
        yield running


async def page_of(browser: Browser, path: str = ONE) -> str:
    answer = await browser.get(path)
    assert answer.status == 200, answer.body
    return answer.body.decode()


def words_of(page: str, section: str) -> str:
    """A section of the page, by the id of its heading."""
    inside = page.partition(f'id="{section}"')[2].partition("</section>")[0]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", inside))


async def test_a_member_of_which_nothing_is_known_yet_has_its_entry_and_nothing_to_be_done(console: Console, birch: Neighbour) -> None:
    page = await page_of(await console.browser("auditor"))
    entry = words_of(page, "entry")
    for said in ("https://birch.example", "Each side calls the other.", "the first list that this node took", birch.log.origin):
        assert said in entry, said
    assert birch.key.kid in re.sub(" ", "", entry)
    assert birch.witness.key.key_id.hex() in entry
    assert birch.log.verifier().key_id.hex() in entry
    assert "It is a member, and nothing is wrong that this node knows of." in words_of(page, "do")
    for said in ("No day was compared yet.", "It is not among our witnesses.", "Nothing: it has not asked us to.", "not in 30 days"):
        assert said in page, said
    assert "<img src=x" not in page
    assert "&lt;img src=x" in page


@pytest.mark.requirement("CON-states")
async def test_each_day_shows_what_both_have_counted_and_what_one_lacks(console: Console, birch: Neighbour) -> None:
    now, ours = console.house.now, {"requests-sent": 12, "answers-sent": 8}
    lost = [("answers-lacking-there", 1)]
    await stored(
        console,
        compared_day(birch.entity_id, now - timedelta(days=1), "due"),
        compared_day(birch.entity_id, now - timedelta(days=2), "differs", ours=ours, theirs=ours | {"answers-sent": 7}, findings=lost),
        compared_day(birch.entity_id, now - timedelta(days=3), ours=ours, theirs=ours),
        compared_day(birch.entity_id, now - timedelta(days=4), ours=ours, theirs=ours | {"requests-sent": 11}),
        compared_day(birch.entity_id, now - timedelta(days=5), "differs", ours=ours, theirs=ours, findings=[("their-log-differs", 1)]),
        compared_day("https://north.example", now - timedelta(days=6), "lapsed"),
    )
    page = await page_of(await console.browser("auditor"))
    found = re.findall(r'<tr role="row"><th scope="row" role="rowheader" data-label="Day">.*?</tr>', page, re.DOTALL)
    rows = [re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", one)) for one in found]
    assert len(rows) == 5, "another node's day is not here"
    assert "8 by us 7 by them" in rows[1]
    assert "Answers that we sent and they lack: 1" in rows[1]
    assert "on their way then" not in rows[1]
    assert rows[2].split()[-4:] == ["12", "0", "8", "0"]
    assert "12 by us 11 by them on their way then" in rows[3], "that explains it: both agree"
    assert rows[4].split()[-4:] == ["–"] * 4, "of a log that is not what it was nothing is believed"
    do = words_of(page, "do")
    assert "Call its operators: its store was restored from an older copy." in do
    assert "safepassage-node letters differences" in do
    assert "An incident of the network" in do
    assert re.search(r"<desc[^>]*>2 of 4 days that were compared agree.", page)
    assert page.count('class="day-differs"') == 2 + 1, "and once in the legend"


async def test_days_are_paged_and_what_is_to_be_done_stays(console: Console, birch: Neighbour) -> None:
    now = console.house.now
    differs = compared_day(birch.entity_id, now - timedelta(days=1), "differs", findings=[("our-log-differs", 1)])
    await stored(console, differs, *(compared_day(birch.entity_id, now - timedelta(days=n)) for n in range(2, 20)))
    auditor = await console.browser("auditor")
    first = await page_of(auditor)
    (following,) = re.findall(r'<a id="next" href="([^"]+)"', first)
    second = await page_of(auditor, following.replace("&amp;", "&"))
    assert 'id="next"' not in second
    for page in (first, second):
        assert "Stop the node and look at its log before anything else." in words_of(page, "do")
    days = [re.findall(r'<th scope="row" role="rowheader" data-label="Day"><span class="short">([^<]+)<', page) for page in (first, second)]
    assert [len(one) for one in days] == [14, 5]
    assert len({*days[0], *days[1]}) == 19


async def test_keys_and_what_is_under_way_are_as_the_store_has_them(console: Console, birch: Neighbour) -> None:
    now = console.house.now
    await stored(console, birch.statement(Path(console.node.folder.path), now))
    await exchanges_of_each_kind(console)
    page = await page_of(await console.browser("operator"))
    keys = words_of(page, "keys")
    assert "By its statement number 7" in keys
    rows = keys.partition(" Epoch ")[2]
    assert rows.count("We seal to it") == 1
    assert rows.count("Not yet") == 1
    assert 'href="/console/exchanges?peer=https%3A%2F%2Fbirch.example"' in page
    assert 'href="/console/dead-letters"' in page
    assert "2 messages did not arrive." in words_of(page, "do")
    assert "Answers that wait 1" in words_of(page, "under-way")
    assert 'href="/console/dead-letters"' not in await page_of(await console.browser("auditor")), "it is an operator's"
    console.house.clock.advance(days=15)
    late = await page_of(await console.browser("operator"))
    assert "Its statement of keys has ended and it has signed no new one." in words_of(late, "do")
    assert "no statement of its keys that is believed now" in words_of(late, "keys")
    assert "The trust list is older than seven days." in await page_of(await console.browser("operator"), PATH)


async def test_who_witnesses_whom_is_told_in_both_directions_and_what_is_wrong(console: Console, birch: Neighbour) -> None:
    now, auditor = console.house.now, await console.browser("auditor")
    await sent(console, 3)
    await witnessing(console, birch, at=now - timedelta(days=2), sizes={"XB": 2})
    await witnessed(console, birch, 77, now)
    await stored(console, birch.seen_log(70, now))
    page = await page_of(auditor)
    shown = words_of(page, "witness")
    assert re.search(r"birch\.example/witness \w{8} 2 of \d+ entries", shown)
    for said in ("Not for a day", "77 entries", "70 entries"):
        assert said in shown, said
    assert "It is named as a witness of our log and does not cosign it." in words_of(page, "do")
    findings = console.node.applications["audit"].state.findings
    await findings.record("witness-refuses", "https://birch.example/v1/witness")
    await findings.record("peer-log-forked", "north.example/log/2026")
    page = await page_of(auditor)
    assert "It refuses a checkpoint of ours that is in order" in words_of(page, "witness")
    assert "two different histories" not in page, "that is about another one"
    assert "Something wrong" in words_of(page, "witness")


async def test_where_a_service_does_not_answer_its_part_is_unknown_and_the_entry_is_shown(console: Console, birch: Neighbour) -> None:
    await stored(console, birch.statement(Path(console.node.folder.path), console.house.now))
    auditor = await console.browser("auditor")
    for without, section in (("records", "keys"), ("audit", "witness")):
        door = console.node._doors[without]
        door.app = None
        page = await page_of(auditor)
        assert f"The {without} service does not answer." in page
        assert "Not known now." in words_of(page, section)
        assert "nothing is wrong that this node knows of" not in page, "what is not known may be wrong"
        assert "https://birch.example" in words_of(page, "entry")
        door.app = console.node.applications[without]


async def test_a_state_is_named_by_its_letters_alone_or_with_more_where_there_are_two(console: Console, birch: Neighbour) -> None:
    auditor = await console.browser("auditor")
    assert "birch.example" in await page_of(auditor, f"{PATH}/{long_code(birch.member())}"), "whoever joins, this stays"
    overview = await page_of(auditor, PATH)
    twins = re.findall(r'href="(/console/states/OR[^"]*)"', overview)
    assert len(set(twins)) == 2
    assert [("north.example" in await page_of(auditor, one)) for one in sorted(set(twins))].count(True) == 1
    for nobody in ("OR", "WY", "XA", "XB-00000000"):
        assert (await auditor.get(f"{PATH}/{nobody}")).status == 404, nobody
    assert (await auditor.get(f"{PATH}/oregon")).status == 404
    assert (await (await console.browser("district-officer")).get(ONE)).status == 403


async def test_it_speaks_spanish(console: Console) -> None:
    auditor = await console.browser("auditor")
    await auditor.post("/console/preferences", language="es", back=PATH)
    assert "¿Podemos intercambiar con Birch, y coinciden nuestros registros?" in await page_of(auditor)
