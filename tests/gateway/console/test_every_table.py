"""What holds of every table of the console: it is narrowed by a form, sorted by links, given in pages and as a file; one that is not is
noticed here."""

import re
from dataclasses import dataclass
from datetime import timedelta
from html import unescape
from itertools import groupby
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from services.gateway.console import policy_sets
from services.gateway.console.exchanges import EXPORT
from services.gateway.console.navigation import MENU
from services.gateway.console.pages import FOLDER
from services.gateway.people.roles import Role
from services.privacy.readiness.snapshots import take_daily
from services.records.exchange.states import Asked
from tests.conftest import StandingClock
from tests.gateway.console.bounded import LISTS
from tests.gateway.console.consoles import Console, open_console
from tests.gateway.console.crossing import PEERS, something_crossed
from tests.gateway.console.enrolled import child, enrolled, in_doubt
from tests.gateway.console.exchanged import asked, stored
from tests.gateway.console.foreign import more_paths
from tests.gateway.console.narrowing import narrowed, page_of
from tests.gateway.console.neighbours import FIR
from tests.gateway.console.test_pages import one_duty
from tests.gateway.people.signing_in import Browser

pytestmark = pytest.mark.anyio

LOOP = re.compile(r"<(ul|ol|dl)[^>]*>(?:(?!</\1>).)*?{% for .+? in (.+?) %}", re.DOTALL)
"""A list, and what it goes through."""

NOT_TABLES_OF_A_LIST = {
    "match.html": "children beside each other, a line for each thing that is compared: of one match, whole, and never a file",
    "charts.html": "the figures of a picture, in the picture's order, for who does not see it; the list that it counts has the file",
}
"""Tables that are none of a list, and why: one a template."""

EVERYTHING_OF_IT = {
    "narrowed": re.compile(r'<form method="get" action="[^"]+" data-swap="'),
    "sorted": re.compile(r"part\.sorted\("),
    "in pages": re.compile(r"part\.pager\(|shown\.later"),
    "a file": re.compile(r"part\.exports\(|{{ _\('Export:'\) }}"),
}
"""What a template does for a table, by what the table is for it."""

WORDS = ["Refused by the other state", "No answer in time", "Record filed"]
"""Of the states refused, expired and applied, in the order of their codes from the end."""

REPLAYED = "policy sets"
"""Pages whose making takes seconds of work: the tables of a replay are sorted in test_policy_sets_on_pages."""

HEADS_OF_PAGES = {
    "/console/agreements": 2,
    "/console/alerts": 1,
    "/console/agreements/…": 12,
    "/console/blast-radius/found": 7,
    "/console/dead-letters": 1,
    "/console/decisions": 1,
    "/console/decisions/sets": 5,
    "/console/duties": 3,
    "/console/ed-fi-systems": 3,
    "/console/ed-fi-systems/of/oak-sis": 6,
    "/console/exchanges": 3,
    "/console/log": 1,
    "/console/log/saved-searches": 2,
    "/console/matches": 2,
    "/console/readiness": 5,
    "/console/settings": 5,
    "/console/states": 6,
    "/console/states/WA": 4,
    "/console/states/lists": 1,
    "/console/statistics": 3,
    "/console/statistics/…": 4,
}
"""How many columns of its tables a page can be sorted by."""

NARROWED = {
    "/console/agreements/…",
    "/console/blast-radius/found",
    "/console/decisions/sets",
    "/console/ed-fi-systems",
    "/console/ed-fi-systems/of/oak-sis",
    "/console/log/saved-searches",
    "/console/readiness",
    "/console/settings",
    "/console/states",
    "/console/states/WA",
    "/console/statistics",
    "/console/statistics/…",
}
"""Pages with tables that are wholly on them."""
HEAD = re.compile(r'<th scope="col" role="columnheader"(?: aria-sort="(\w+)")?><a href="([^"]+)" id="([^"]+)" data-swap="(#[\w-]+)"')
OTHER: dict[str, Role] = {"/console/dead-letters": "operator", "/console/matches": "privacy-officer"}
"""Pages that are not for an auditor, and for whom they are."""


def test_every_table_is_narrowed_sorted_given_in_pages_and_as_a_file() -> None:
    lacking = {}
    for template in sorted((FOLDER / "templates").glob("*.html")):
        text = template.read_text()
        tables = len(text.split("<table")) - 1
        if template.name in NOT_TABLES_OF_A_LIST:
            assert tables == 1, template.name
            continue
        lacking |= {(template.name, what): tables for what, does in EVERYTHING_OF_IT.items() if len(does.findall(text)) < tables}
    assert lacking == {}


def test_a_list_is_a_table_or_it_is_said_why_it_is_none() -> None:
    lists = {
        template.name: {through for _, through in LOOP.findall(template.read_text()) if not through.startswith("(")}
        for template in sorted((FOLDER / "templates").glob("*.html"))
    }
    assert {name: found for name, found in lists.items() if found} == {name: set(found) for name, found in LISTS.items()}


@dataclass(frozen=True)
class Head:
    """A head of a table of a page, as a browser is sent it."""

    direction: str
    href: str
    region: str
    parameter: str

    @property
    def order(self) -> str:
        """That its link asks for."""
        return query_of(self.href)[self.parameter]

    @property
    def column(self) -> str:
        return self.order.lstrip("-")


def query_of(path: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(path).query))


def heads_of(page: str) -> dict[str, Head]:
    """By their ids, the heads that can be sorted by."""
    found = {}
    for direction, escaped, name, region in HEAD.findall(page):
        href = unescape(escaped)
        parameter = max((key for key in query_of(href) if name.startswith(f"{key}-")), key=len)
        found[name] = Head(direction, href, region, parameter)
    return found


def values_of(page: str, name: str) -> list[str] | list[int]:
    """What stands in the column under a head, where each of its cells has an instant, or each a number; nothing of other columns."""
    (table,) = [one for one in re.findall(r"<table.*?</table>", page, re.DOTALL) if f'id="{name}"' in one]
    heads, _, rows = table.partition("</thead>")
    place = len(re.findall(r"<t[hd][ >]", heads.partition(f'id="{name}"')[0]))
    cells = [re.findall(r"<t[hd](?: [^>]*)?>(.*?)</t[hd]>", row, re.DOTALL)[place - 1] for row in rows.split("<tr")[1:]]
    instants = [re.findall(r'<time datetime="([^"]+)"', cell) for cell in cells]
    if all(instants):
        return [some[0] for some in instants]
    words = [re.sub(r"<[^>]+>|,", "", cell).strip() for cell in cells]
    return [int(word) for word in words] if all(word.isdigit() for word in words) else []


def _template(path: str) -> str:
    return re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|[\w-]{43}", "…", path.partition("?")[0])


async def followed(browser: Browser, path: str) -> int:
    """Follow each head of a page. Gives how many there are."""
    page = await page_of(browser, path)
    for name, head in heads_of(page).items():
        there = await page_of(browser, head.href)
        heads = heads_of(there)
        direction = "descending" if head.order.startswith("-") else "ascending"
        said = {other.column: other.direction for other in heads.values() if other.parameter == head.parameter}
        assert said == {column: direction if column == head.column else "" for column in said}, head.href
        values = values_of(there, name)
        assert list(values) == sorted(values, reverse=direction == "descending"), head.href
        assert heads[name].order == (head.column if head.order.startswith("-") else f"-{head.column}"), "it turns"
        kept = {key: value for key, value in query_of(path).items() if key not in (head.parameter, "cursor")}
        assert kept.items() <= query_of(head.href).items(), (head.href, "the filters stay")
        assert path.startswith("/console/log") or there.count("<tr") == page.count("<tr"), (head.href, "the same rows")
        assert f'id="{head.region[1:]}"' in there, "the region that a script replaces"
    for parameter in {head.parameter for head in heads_of(page).values()}:
        wrong = f"{urlsplit(path).path}?{urlencode({**query_of(path), parameter: 'nothing'})}"
        assert (await browser.get(wrong)).status == 422, wrong
    return len(heads_of(page))


@pytest.mark.slow
@pytest.mark.requirement("CON-tables")
async def test_each_head_of_each_page_sorts_its_table_keeps_the_filters_and_turns(tmp_path: Path, clock: StandingClock) -> None:
    async with open_console(tmp_path, clock, peers=PEERS, members=[FIR.member()]) as console:
        await take_daily(console.node.applications["privacy"], now=clock.instant, running_since=clock.instant - timedelta(days=1))
        await one_duty(console)
        await something_crossed(console)
        await in_doubt(console, [await enrolled(console, child(n)) for n in range(2)])
        more = [path for name, made in more_paths().items() if name != REPLAYED for path in await made(console)]
        paths = [place.path for _, places in MENU for place in places]
        auditor, found, choices = await console.browser("auditor"), {}, {}
        for path in (*paths, *more, policy_sets.PATH, "/console/duties?state=all", "/console/agreements?state=all"):
            found[path] = await followed(auditor, path)
            choices[_template(path)] = choices.get(_template(path), 0) + await narrowed(auditor, path)
        for path, role in OTHER.items():
            found[path] = await followed(await console.browser(role), path)
        sorted_pages = {_template(path): heads for path, heads in found.items() if heads}
        assert sorted_pages == HEADS_OF_PAGES
        assert {path for path, tried in choices.items() if tried} == NARROWED


async def test_the_next_page_keeps_the_order_and_has_none_of_the_rows_before(console: Console) -> None:
    now = console.house.now
    states = [Asked.APPLIED, Asked.REFUSED, Asked.EXPIRED]
    await stored(console, *(asked(console, states[n % 3], now - timedelta(minutes=n)) for n in range(60)))
    auditor = await console.browser("auditor")
    first = await page_of(auditor, "/console/exchanges?direction=out&sort=-state")
    (more,) = re.findall(r'href="([^"]+)" rel="next"', first)
    assert query_of(unescape(more)).items() >= {"direction": "out", "sort": "-state"}.items()
    second = await page_of(auditor, unescape(more))
    rows = [re.findall(r'data-label="Asked"><a href="([^"]+)">.*?</svg>([^<]+)<', page, re.DOTALL) for page in (first, second)]
    assert [len(some) for some in rows] == [50, 10]
    assert len({href for some in rows for href, _state in some}) == 60
    assert [state for state, _ in groupby(state for some in rows for _href, state in some)] == WORDS
    other = unescape(more).replace("sort=-state", "sort=state")
    assert (await auditor.get(other)).status == 422, "a cursor is of its order"
    assert f'href="{EXPORT}?direction=out&amp;sort=-state"' in first
