"""Every instant that a page of the console says has its zone: beside it, in the head of its column, or said of all that stand with it."""

import re
from html.parser import HTMLParser

import pytest

from tests.gateway.console.acting import pages_of_roles
from tests.gateway.console.consoles import Console

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

ZONE = re.compile(r"\b(UTC|[A-Z]{1,3}T)\b")
OF_ALL = re.compile(r"All times are ([A-Z]{1,3}T|UTC)\.")
CLOCK = re.compile(r"\d:\d\d")


class Times(HTMLParser):
    """The instants of a page that name no zone themselves, each with the head of its column where it is in a table."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []
        self._heads: list[str] = []
        self._in_head = self._in_time = False
        self._column, self._said = -1, ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Where in a table it is, and whether an instant begins."""
        if tag == "table":
            self._heads = []
        elif tag == "tr":
            self._column = -1
        elif tag in ("th", "td"):
            self._column += 1
            if self._in_head:
                self._heads.append("")
        elif tag == "thead":
            self._in_head = True
        elif tag == "time":
            self._in_time, self._said = True, ""

    def handle_endtag(self, tag: str) -> None:
        """An instant is over."""
        if tag == "thead":
            self._in_head = False
        elif tag == "table":
            self._heads = []
        elif tag == "time":
            self._in_time = False
            if CLOCK.search(self._said) and not ZONE.search(self._said):
                self.found.append((self._said, self._heads[self._column] if 0 <= self._column < len(self._heads) else ""))

    def handle_data(self, data: str) -> None:
        """Of a head, or of an instant."""
        if self._in_head and self._heads:
            self._heads[-1] += data
        if self._in_time:
            self._said += data


def without_zones(page: str) -> list[tuple[str, str]]:
    """The instants of a page of which nothing says the zone."""
    times = Times()
    times.feed(page)
    return [] if OF_ALL.search(page) else [(said, head) for said, head in times.found if not ZONE.search(head)]


def test_an_instant_without_a_zone_is_found_beside_one_with_a_zone_and_under_a_head_that_names_it() -> None:
    table = "<table><thead><tr><th>When (PST)</th><th>Until</th></tr></thead><tbody><tr><th>{0}</th><td>{0}</td></tr></tbody></table>{0}"
    instant = "<time>Nov 23, 8:41 AM</time>"
    assert without_zones(table.format(instant)) == [("Nov 23, 8:41 AM", "Until"), ("Nov 23, 8:41 AM", "")]
    assert without_zones(table.format(instant).replace("Until", "Until (PST)") + "All times are PST.") == []


async def test_every_instant_of_every_page_has_its_zone(console: Console) -> None:
    found = {}
    async for person, paths in pages_of_roles(console):
        for path in paths:
            page = (await person.get(path)).body.decode()
            crumbs = re.sub(r'<nav class="crumbs".*?</nav>', "", page)  # say the time again that the page says in full
            if missing := without_zones(crumbs):
                found[path] = missing
    assert found == {}
