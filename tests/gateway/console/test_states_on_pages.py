"""States: who is on the list, who answers, whose counts agree: as the store has it, and what is not known is said to be unknown."""

import csv
import io
import json
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from safepassage.suites import MLKEM768_X25519
from tests.conftest import StandingClock
from tests.gateway.console.consoles import HOSTILE, Console, open_console
from tests.gateway.console.crossing import sent
from tests.gateway.console.exchanged import exchanges_of_each_kind, stored
from tests.gateway.console.neighbours import Neighbour, compared_day, witnessed, witnessing
from tests.gateway.people.signing_in import Browser

pytestmark = pytest.mark.anyio

PATH = "/console/states"

Three = tuple[Console, Neighbour, Neighbour, Neighbour]
"""A node, and others of its list: active, suspended, one that pulls."""


def birch() -> Neighbour:
    return Neighbour("https://birch.example", "XB", "Birch Department of Education")


def cedar() -> Neighbour:
    return Neighbour("https://oregon.example", "OR", HOSTILE, status="suspended")


def fir() -> Neighbour:
    return Neighbour("https://fir.example", "WA", delivery="pull")


@pytest.fixture
async def three(tmp_path: Path, clock: StandingClock) -> AsyncIterator[Three]:
    """A node and three others on its list: active, suspended, one that pulls."""
    others = birch(), cedar(), fir()
    async with open_console(tmp_path, clock, members=[one.member() for one in others]) as console:
        yield console, *others


async def page_of(browser: Browser, path: str = PATH) -> str:
    answer = await browser.get(path)
    assert answer.status == 200, answer.body
    return answer.body.decode()


def row_of(page: str, name: str) -> str:
    """The row of a state, in words."""
    (row,) = [one for one in re.findall(r"<tr role=\"row\"><th scope=\"row\".*?</tr>", page, re.DOTALL) if f"<b>{name}</b>" in one]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", row))


def names(page: str) -> list[str]:
    return re.findall(r'<th scope="row" role="rowheader" data-label="[^"]+"><span class="stack"><a href="[^"]+"><b>([^<]+)</b>', page)


async def test_a_node_without_a_list_says_that_it_exchanges_nothing_and_what_to_do(console: Console) -> None:
    page = await page_of(await console.browser("operator"))
    for said in ("This node holds no trust list.", "No state is known yet.", "--digest DIGEST", "No states"):
        assert said in page, said
    assert 'class="health health--danger"' in page
    assert 'id="list"' not in page


@pytest.mark.requirement("CON-states")
async def test_each_other_member_is_a_row_with_its_standing_as_it_is_stored(three: Three) -> None:
    console, b, _, f = three
    auditor, now = await console.browser("auditor"), console.house.now
    page = await page_of(auditor)
    assert names(page) == ["Birch", "Oregon", "Washington"]
    assert "The trust list is in force." in page
    assert "1 of 1 roots; at least 1 must sign" in page
    assert "Gateway: serial 1; Records: serial 1; Audit: serial 1" in page
    for said in ("Active", "not asked for yet", "Nothing exchanged", "None to compare", "Is not asked to"):
        assert said in row_of(page, "Birch"), said
    assert "Suspended by the network" in row_of(page, "Oregon")
    assert "Not called" in row_of(page, "Oregon")
    assert "Calls us itself" in row_of(page, "Washington")
    assert HOSTILE not in page
    assert "&lt;img src=x" in page
    days = [compared_day(b.entity_id, now - timedelta(days=n), "differs" if n == 3 else "agreed") for n in (1, 2, 3)]
    folder = Path(console.node.folder.path)
    await stored(console, b.statement(folder, now), f.statement(folder, now, suites=("another.suite",)), *days)
    await exchanges_of_each_kind(console)
    await sent(console, 3)
    await witnessing(console, b, f, at=now, sizes={"XB": 2})
    page = await page_of(auditor)
    row = row_of(page, "Birch")
    for said in (
        "mlkem768-x25519",
        "Answers",
        "last heard",
        "Differ",
        "2 of 3 days agree",
        "Cosigns it",
        "2 entries",
        "2 did not arrive",
    ):
        assert said in row, said
    assert "None that we can use" in row_of(page, "Washington")
    assert "Not yet cosigned" in row_of(page, "Washington")
    assert page.count('class="day-differs"') == 1
    assert page.count('class="day-agreed"') == 2


async def test_rows_are_chosen_by_status_reach_and_counters_and_sorted_by_their_columns(
    three: Three,
) -> None:
    console, b, _, f = three
    auditor, now = await console.browser("auditor"), console.house.now
    await stored(
        console,
        f.seen_log(4, now - timedelta(hours=3)),
        b.seen_log(9, now - timedelta(hours=30)),
        compared_day(f.entity_id, now - timedelta(days=1)),
    )
    assert names(await page_of(auditor, f"{PATH}?status=suspended")) == ["Oregon"]
    assert names(await page_of(auditor, f"{PATH}?reach=pulls")) == ["Washington"]
    assert names(await page_of(auditor, f"{PATH}?counters=agree")) == ["Washington"]
    assert names(await page_of(auditor, f"{PATH}?reach=silent")) == []
    assert "No row is like this." in await page_of(auditor, f"{PATH}?counters=differ")
    assert (await auditor.get(f"{PATH}?status=friendly")).status == 422
    for sort, order, said in (
        ("state", ["Birch", "Oregon", "Washington"], "ascending"),
        ("-state", ["Washington", "Oregon", "Birch"], "descending"),
        ("-heard", ["Washington", "Birch", "Oregon"], "descending"),
        ("heard", ["Birch", "Washington", "Oregon"], "ascending"),
    ):
        page = await page_of(auditor, f"{PATH}?sort={sort}")
        assert names(page) == order, sort
        assert re.findall(r'aria-sort="(\w+)"><a href="[^"]+" id="sort-(\w+)"', page) == [(said, sort.lstrip("-"))]
    page = await page_of(auditor, f"{PATH}?status=active&sort=-heard")
    assert f'href="{PATH}?status=active&amp;sort=heard" id="sort-heard"' in page, "the filter stays, and the order turns"
    assert f'href="{PATH}?status=active&amp;sort=state" id="sort-state"' in page


async def test_what_waits_too_long_or_is_left_alone_is_said_not_to_answer(three: Three) -> None:
    console, b, _, _ = three
    auditor, now = await console.browser("auditor"), console.house.now
    breakers = console.node.applications["records"].state.exchange.breakers
    breakers.failed(b.entity_id, now)
    assert "No answer now" in row_of(await page_of(auditor), "Birch")
    for _ in range(4):
        breakers.failed(b.entity_id, now)
    assert "Left alone" in row_of(await page_of(auditor), "Birch")
    assert names(await page_of(auditor, f"{PATH}?reach=silent")) == ["Birch"]


async def test_the_export_is_the_list_with_its_filters_and_no_formula(three: Three) -> None:
    console, b, _, _ = three
    now = console.house.now
    await stored(console, b.statement(Path(console.node.folder.path), now), b.seen_log(9, now))
    await witnessing(console, b, at=now, sizes={"XB": 1})
    await witnessed(console, b, 12, now)
    officer = await console.browser("privacy-officer")
    page = await page_of(officer, f"{PATH}?status=active")
    link, as_json = re.findall(r'href="(/console/states/export\?status=active[^"]*)"', page)
    answer = await officer.get(link.replace("&amp;", "&"))
    assert (answer.status, answer.headers["content-type"]) == (200, "text/csv; charset=utf-8")
    rows = list(csv.DictReader(io.StringIO(answer.body.decode())))
    assert [one["state"] for one in rows] == ["XB", "WA"]
    first = rows[0]
    assert (first["entity_id"], first["reach"], first["cosigned_size"], first["witnessed_size"]) == (b.entity_id, "answers", "1", "12")
    assert first["suite"] == MLKEM768_X25519.name
    told = json.loads((await officer.get(as_json.replace("&amp;", "&"))).body)
    assert [(one["state"], one["cosigned_size"]) for one in told] == [("XB", 1), ("WA", None)]


@pytest.mark.requirement("CON-states")
@pytest.mark.parametrize("without", ["records", "audit"])
async def test_where_a_service_does_not_answer_the_rest_is_shown_and_that_part_is_unknown(three: Three, without: str) -> None:
    said = f"The {without} service does not answer."
    console, *_ = three
    auditor = await console.browser("auditor")
    door = console.node._doors[without]  # type: ignore[index]
    door.app = None
    page = await page_of(auditor)
    assert said in page
    assert names(page) == ["Birch", "Oregon", "Washington"]
    assert "Not known now" in row_of(page, "Birch")
    assert f"{without.capitalize()}: does not answer" in page
    assert ("not known now" in row_of(page, "Birch")) == (without == "records")
    door.app = console.node.applications[without]  # type: ignore[index]
    assert said not in await page_of(auditor)


async def test_it_is_for_those_of_the_state_alone_and_speaks_spanish(three: Three) -> None:
    console, *_ = three
    for role in ("auditor", "privacy-officer", "operator", "approver"):
        assert (await (await console.browser(role)).get(PATH)).status == 200, role
    officer = await console.browser("district-officer")
    assert (await officer.get(PATH)).status == 403
    assert f'href="{PATH}"' not in await page_of(officer, "/console"), "nor does the menu lead there"
    auditor = await console.browser("auditor")
    await auditor.post("/console/preferences", language="es", back=PATH)
    page = await page_of(auditor)
    assert '<html lang="es"' in page
    assert "Which states" not in page
