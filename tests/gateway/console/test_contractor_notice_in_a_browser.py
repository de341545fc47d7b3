"""The form for a contractor's notice in a real browser, with scripts and without: axe-core finds nothing, and the clock begins."""

from pathlib import Path

import pytest

from services.gateway.console.contractor_notice import PATH
from tests.axe import found_by_axe
from tests.gateway.console.looking import looking
from tests.gateway.console.sweeping import LOOKS

pytestmark = [pytest.mark.anyio, pytest.mark.browser]


async def test_the_form_is_found_filled_in_and_sent_without_a_script(tmp_path: Path) -> None:
    async with looking(tmp_path, role="privacy-officer") as looked:
        await looked.go(PATH)
        for width, scheme in LOOKS:
            await looked.size(width, scheme=scheme)
            assert await found_by_axe(looked.page) == []
            assert await looked.page.value("document.documentElement.scrollWidth") <= width
        await looked.page.ask("Emulation.setScriptExecutionDisabled", value=True)
        tab = looked.page.tab
        await tab.goto(f"{looked.origin}/console/duties")
        await tab.get_by_role("link", name="A contractor told us of a breach").click()
        await tab.get_by_label("When the notice came").fill("2026-01-02T09:00")
        await tab.get_by_role("checkbox", name="(Connecticut)").check()
        await tab.get_by_role("button", name="Start the clocks").click()
        assert tab.url == f"{looked.origin}{PATH}", "the browser asks for what shows it"
        await tab.get_by_label("What shows when it came").fill("letter 4")
        await tab.get_by_role("button", name="Start the clocks").click()
        await tab.wait_for_url("**/console/duties")
        assert await tab.get_by_role("link", name="Tell the people affected (Connecticut)").count() == 1
