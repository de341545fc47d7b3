"""The console in a real browser: axe-core finds nothing, nothing scrolls sideways, the keyboard is enough, and so is no script."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.gateway.console.foreign import more_paths
from tests.gateway.console.looking import PATHS, Looked, looking, something_crossed
from tests.gateway.console.test_pages import one_duty
from tests.gateway.people.test_pages_in_a_browser import AXE, RULES

pytestmark = [pytest.mark.anyio, pytest.mark.browser]


@pytest.fixture
async def looked(tmp_path: Path) -> AsyncIterator[Looked]:
    async with looking(tmp_path) as running:
        yield running


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1440])
async def test_axe_finds_nothing_on_any_page_with_data_and_without(looked: Looked, width: int, scheme: str) -> None:
    page = looked.page
    await looked.size(width, scheme=scheme)
    axe, more = AXE.read_text(), list[str]()
    for with_data in (False, True):
        if with_data:
            await one_duty(looked.console)
            await something_crossed(looked.console)
            more = [path for made in more_paths().values() for path in await made(looked.console)]
        for path in (*PATHS, *more, "/console/duties?state=all", "/console/duties?kind=none"):
            await looked.go(path)
            await page.value(axe + "; undefined")
            found: Any = await page.value(f"axe.run(document, {{runOnly: {json.dumps(RULES)}}})")
            assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found["violations"]] == [], path
            assert await page.value("document.documentElement.scrollWidth") <= width, path
            if (width, scheme) == (1440, "light"):  # a small laptop: the menu is beside the page already
                await looked.size(1024)
                assert await page.value("document.documentElement.scrollWidth") <= 1024, path
                await looked.size(width)
    blocked = [one for one in page.complaints if "status of 422" not in one]  # the answer to a kind that is none
    assert blocked == [], "an error of a script, or something that the content security policy does not let run"


async def test_a_filter_changes_its_region_alone_and_back_brings_it_back(looked: Looked) -> None:
    page = looked.page
    await one_duty(looked.console)
    await looked.go("/console/duties")
    await page.value("window.kept = 1; document.getElementById('state').value = 'done'")
    await page.value("document.querySelector('.filters .button').click()")
    await page.until("location.search === '?state=done' && document.getElementById('said').textContent === 'No duties'")
    assert await page.value("window.kept") == 1, "the page was not left"
    await page.value("history.back()")
    await page.until("location.search === '' && document.querySelectorAll('tbody tr').length === 1")
    assert await page.value("window.kept") == 1
    assert page.complaints == []


async def test_everything_is_reached_by_the_keyboard_and_the_first_stop_skips_the_menu(looked: Looked) -> None:
    await looked.go("/console")
    await looked.press("Tab")
    assert await looked.page.value("document.activeElement.getAttribute('href')") == "#main"
    await looked.press("Enter")
    await looked.page.until("document.activeElement.id === 'main'")
    await looked.press("Tab")
    assert await looked.page.value("document.querySelector('main').contains(document.activeElement)")


async def test_on_a_phone_the_menu_opens_and_escape_gives_the_focus_back_without_any_script(looked: Looked) -> None:
    await looked.page.ask("Emulation.setDeviceMetricsOverride", width=320, height=640, deviceScaleFactor=1, mobile=False)
    await looked.go("/console")
    await looked.page.ask("Emulation.setScriptExecutionDisabled", value=True)
    await looked.page.value("document.querySelector('.menu-button').focus()")
    await looked.press("Enter")
    await looked.page.until("document.getElementById('nav').matches(':popover-open')")
    await looked.press("Escape")
    await looked.page.until("!document.getElementById('nav').matches(':popover-open')")
    assert await looked.page.value("document.activeElement.className") == "menu-button"


async def test_a_session_that_has_ended_leads_to_sign_in_and_never_into_a_panel(looked: Looked) -> None:
    await looked.go("/console/duties")
    await looked.page.tab.context.clear_cookies()
    await looked.page.value("document.querySelector('.filters .button').click()")
    await looked.page.until("location.pathname === '/sign-in'")
