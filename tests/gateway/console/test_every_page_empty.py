"""Every page where there is nothing, where its thing is not there, and where no service answers, in a real browser."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from services.gateway.door.gateway_routes import GATEWAY
from tests.gateway.console.acting import pages_of_roles
from tests.gateway.console.emptiness import empty_pages
from tests.gateway.console.looking import Looked, looking
from tests.gateway.console.sweeping import CROSSED, faults, pages_under, template_of
from tests.gateway.console.test_every_page import PAGES, named
from tests.gateway.console.test_today import silence

pytestmark = [pytest.mark.anyio, pytest.mark.browser, pytest.mark.usefixtures("small_table"), pytest.mark.timeout(1200)]

FORMS = {one.template for one in GATEWAY if one.method == "POST"}
"""Pages whose form is sent back to them: there is nothing of which they could be empty."""


@pytest.fixture
async def looked(tmp_path: Path) -> AsyncIterator[Looked]:
    async with looking(tmp_path) as running:
        yield running


def but(looked: Looked, *statuses: int) -> list[str]:
    """What the browser said, beside that a page was refused with one of these."""
    return [one for one in looked.page.complaints if not any(f"status of {status}" in one for status in statuses)]


async def test_every_page_says_what_it_means_that_there_is_nothing(looked: Looked) -> None:
    wrong: list[Any] = []
    seen = set[str]()
    async for person, paths in empty_pages(looked.console):
        await looked.see_as(person)
        for path in paths:
            await looked.go(path)
            wrong += await faults(looked.page, path, CROSSED)
            seen.add(template_of(path))
    assert wrong == []
    assert pages_under("/console") - FORMS - seen == set(), "a page that nobody goes to here"
    assert looked.page.complaints == []


async def test_every_page_whose_thing_is_not_there_says_so(looked: Looked) -> None:
    wrong: list[Any] = []
    for path in ("/console/no-such-page", "/console/duties?kind=none"):
        await looked.go(path)
        wrong += await faults(looked.page, path, CROSSED)
    for number, route in enumerate(PAGES):
        if route.method == "GET" and route.template in pages_under("/console") and "{" in route.template:
            await looked.sign_in(sorted(route.roles)[0])
            await looked.go(named(route))
            wrong += await faults(looked.page, route.template, [CROSSED[number % len(CROSSED)]])  # the same on every page: in turn
    assert wrong == []
    assert but(looked, 404, 422) == []


async def test_every_page_says_so_where_no_service_answers(looked: Looked) -> None:
    made = [shown async for shown in pages_of_roles(looked.console)]
    silence(looked.console, "audit", "privacy", "records")
    wrong: list[Any] = []
    seen = set[str]()
    for person, paths in made:
        await looked.see_as(person)
        for number, path in enumerate(paths):
            await looked.go(path)
            wrong += await faults(looked.page, path, [CROSSED[number % len(CROSSED)]])  # nearly the same on every page: in turn
            seen.add(template_of(path))
    assert wrong == []
    assert pages_under("/console") - seen == set(), "a page that nobody goes to here"
    assert but(looked, 503) == []
