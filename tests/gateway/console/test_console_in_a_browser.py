"""The console in a real browser: what is swapped, where the keyboard begins, the menu of a phone, and a session that has ended."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.gateway.console.looking import Looked, looking
from tests.gateway.console.test_pages import one_duty

pytestmark = [pytest.mark.anyio, pytest.mark.browser]


@pytest.fixture
async def looked(tmp_path: Path) -> AsyncIterator[Looked]:
    async with looking(tmp_path) as running:
        yield running


async def test_a_filter_changes_its_region_alone_and_back_brings_it_back(looked: Looked) -> None:
    page = looked.page
    await one_duty(looked.console)
    await looked.go("/console/duties")
    await page.value("window.kept = 1; document.getElementById('state').value = 'done'")
    await page.value("document.querySelector('.filters .button').click()")
    await page.until("location.search === '?state=done' && document.getElementById('said').textContent === 'No duties'")
    assert await page.value("window.kept") == 1, "the page was not left"
    await page.value("void setTimeout(() => history.back())")
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
