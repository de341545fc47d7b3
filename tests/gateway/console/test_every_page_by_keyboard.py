"""Every page with data on it in a real browser: axe-core finds nothing, nothing scrolls sideways, the keyboard is enough."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.gateway.console.acting import pages_of_roles
from tests.gateway.console.looking import Looked, looking
from tests.gateway.console.sweeping import WIDTHS, faults, missed_by_keyboard, pages_under, sideways, template_of

pytestmark = [pytest.mark.anyio, pytest.mark.browser, pytest.mark.usefixtures("small_table"), pytest.mark.timeout(1200)]

BETWEEN = (1024,)
"""A width at which no look is taken."""


@pytest.fixture
async def looked(tmp_path: Path) -> AsyncIterator[Looked]:
    async with looking(tmp_path) as running:
        yield running


async def test_on_every_page_axe_finds_nothing_and_nothing_scrolls_sideways_in_either_language(looked: Looked) -> None:
    wrong: list[Any] = []
    seen = set[str]()
    async for person, paths in pages_of_roles(looked.console):
        await looked.see_as(person)
        for path in paths:
            await looked.go(path)
            wrong += [*await faults(looked.page, path), *await sideways(looked.page, path, BETWEEN)]
            seen.add(template_of(path))
        await looked.speak("es")  # its words are longer
        for path in paths:
            await looked.go(path)
            wrong += await sideways(looked.page, path)
    assert wrong == []
    assert pages_under("/console") - seen == set(), "a page that nobody goes to here"
    assert looked.page.complaints == []


async def test_on_every_page_every_control_is_reached_by_the_keyboard_and_shows_it(looked: Looked) -> None:
    wrong: list[Any] = []
    seen = set[str]()
    async for person, paths in pages_of_roles(looked.console):
        await looked.see_as(person)
        for path in paths:
            for width in WIDTHS:
                await looked.size(width)
                await looked.go(path)  # the focus is nowhere again
                wrong += await missed_by_keyboard(looked.page, path)
            seen.add(template_of(path))
    assert wrong == []
    assert pages_under("/console") - seen == set(), "a page that nobody goes to here"
    assert looked.page.complaints == []
