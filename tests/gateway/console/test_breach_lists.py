"""The list for the notices of a breach is whole or there is none, and what the pages lead to is what was asked."""

import re
from html import unescape
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from services.audit import measured_radius
from services.audit.index import lookup
from services.gateway.console import blast_radius
from services.gateway.console.blast_radius import DUTIES, EXPORT, IN_AN_EXPORT, PATH
from tests.conftest import StandingClock
from tests.gateway.by_hand import Answer
from tests.gateway.console.consoles import Console, open_console
from tests.gateway.console.crossing import PEERS, log_of
from tests.gateway.console.test_blast_radius_on_pages import asked, page_of
from tests.gateway.console.touched import ADDRESS, stolen
from tests.gateway.people.signing_in import Browser

pytestmark = pytest.mark.anyio


async def exported(browser: Browser, path: str) -> Answer:
    return await browser.get(f"{EXPORT}?{urlsplit(path).query}")


async def test_what_the_index_has_not_yet_is_said_and_no_list_is_made_of_the_rest(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stolen(console)
    auditor = await console.browser("auditor")
    path = await asked(auditor, "client", "stolen")
    assert "were not looked at" not in await page_of(auditor, path)
    state = log_of(console).app.state
    (task,) = [task for task in state.tasks if task.get_coro().__name__ == "_keep_index"]
    task.cancel()
    monkeypatch.setattr(lookup, "LOOKED_AT", 0)
    monkeypatch.setattr(measured_radius, "CAUGHT_UP_WITH", -1)
    await stolen(console)
    path = await asked(auditor, "client", "stolen")
    assert re.search(r"[1-9]\d* entries are newer than the index and were not looked at", await page_of(auditor, path))
    refused = await exported(auditor, path)
    assert (refused.status, "he newest entries are not in the index yet" in refused.body.decode()) == (422, True)


async def test_a_list_is_whole_or_there_is_none(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blast_radius, "AT_ONCE", 1)
    monkeypatch.setattr(blast_radius, "IN_AN_EXPORT", 2)
    auditor = await console.browser("auditor")
    students = [str(one) for _ in range(2) for one in await stolen(console, students=1)]
    path = await asked(auditor, "client", "stolen")
    whole = await exported(auditor, path)
    assert (whole.status, sorted(re.findall("|".join(students), whole.body.decode()))) == (200, sorted(students))
    assert whole.headers["content-disposition"] == 'attachment; filename="students.csv"'
    await stolen(console, students=1)
    refused = await exported(auditor, path)
    assert (refused.status, f"ore than {IN_AN_EXPORT:,} rows" in refused.body.decode()) == (422, True)


async def test_whoever_asks_again_finds_what_was_asked_in_the_form_unless_it_names_a_person(console: Console) -> None:
    await stolen(console)
    auditor = await console.browser("auditor")
    for of, which, again in (("client", "stolen", f"{PATH}?of=client&which=stolen"), ("address", ADDRESS, PATH)):
        page = await page_of(auditor, await asked(auditor, of, which))
        assert f'<a href="{again}">Blast radius</a>' in unescape(page)
    nothing = await page_of(auditor, await asked(auditor, "client", "nobody"))
    assert unescape(nothing).count(f'href="{PATH}?of=client&which=nobody"') == 2
    assert f'value="{console.house.now:%Y-%m-%d}' in await page_of(auditor, PATH), "until now"


async def test_where_nothing_was_touched_there_is_no_clock_to_start(console: Console) -> None:
    officer = await console.browser("privacy-officer")
    path = await asked(officer, "client", "nobody", discovered="2026-10-19T09:00")
    await officer.get(path)
    duties = f"{DUTIES}?{urlsplit(path).query}"
    assert 'type="checkbox"' not in await page_of(officer, duties)
    refused = await officer.post(duties, act="a" * 32, evidence_ref="file 7", **{"breach-provider-tells-agency": "yes"})
    assert (refused.status, "Choose at least one notice." in refused.body.decode()) == (422, True)


async def test_a_form_of_clocks_that_did_another_act_is_refused_over_the_form(tmp_path: Path, clock: StandingClock) -> None:
    async with open_console(tmp_path, clock, peers=PEERS) as console:
        await stolen(console)
        officer = await console.browser("privacy-officer")
        path = await asked(officer, "client", "stolen", discovered="2026-10-19T09:00")
        duties = f"{DUTIES}?{urlsplit(path).query}"
        kinds = re.findall(r'type="checkbox" id="([^"]+)"', await page_of(officer, duties))
        form = dict.fromkeys(kinds, "yes")
        assert (await officer.post(duties, act="a" * 32, evidence_ref="file 7", **form)).status == 303
        refused = (await officer.post(duties, act="a" * 32, evidence_ref="file 8", **form)).body.decode()
        assert ("Nothing was changed yet" in refused, 'value="file 8"' in refused) == (True, True)


async def test_a_notice_says_how_many_days_are_left_of_it_or_that_it_is_too_late(tmp_path: Path, clock: StandingClock) -> None:
    async with open_console(tmp_path, clock, peers={**PEERS, "https://isbe.example": "IL"}) as console:
        await stolen(console, node="https://isbe.example")
        auditor = await console.browser("auditor")
        for discovered, late in (("2026-01-19T09:00", True), ("2026-10-20T07:00", False)):
            page = await page_of(auditor, await asked(auditor, "client", "stolen", discovered=discovered))
            left = set(re.findall(r"Too late|In \d+ days", page))
            assert ("Too late" in left, "In 30 days" in left) == (late, not late), left


async def test_a_long_list_is_read_page_by_page_in_the_order_that_was_asked_for(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blast_radius, "ON_A_PAGE", 1)
    auditor = await console.browser("auditor")
    for _ in range(3):
        await stolen(console, students=1)
    path = await asked(auditor, "client", "stolen")
    assert len(entries_of(await page_of(auditor, path))) == 1
    newest, oldest = [await read_through(auditor, f"{path}{order}") for order in ("", "&sort=logged_at")]
    assert [len(set(newest)), len(newest)] == [3, 3]
    assert oldest == newest[::-1]


def entries_of(page: str) -> list[str]:
    """The entries of the log that a page shows."""
    return re.findall(r'role="rowheader"[^>]*><a href="/console/log/([^"]+)"', page)


async def read_through(browser: Browser, path: str) -> list[str]:
    """The entries of a list, page by page."""
    entries = list[str]()
    while True:
        page = unescape(await page_of(browser, path))
        entries += entries_of(page)
        following = re.search(r'href="([^"]+)" rel="next"', page)
        if following is None:
            return entries
        path = following[1]


async def test_a_row_says_whose_students_these_are_who_received_and_which_data(console: Console) -> None:
    vendor = await console.house.organisation("vendor", name="Lantern Reading")
    await console.settle()
    await stolen(console, recipient=vendor.id)
    auditor = await console.browser("auditor")
    page = await page_of(auditor, await asked(auditor, "client", "stolen"))
    [row, *_] = re.findall(r'<tr role="row"><th scope="row".*?</tr>', page)
    for said in ("<bdi>Hood River County</bdi>", "<bdi>Lantern Reading</bdi>", "Name", "Oct 20"):
        assert said in row
    assert re.search(r'href="/console/log/\d{4}-\d+"', row)
