"""The forms by which rules are drafted, tried, approved and activated, in a real browser: axe-core finds nothing on them."""

import json
from typing import Any

import pytest

from tests.gateway.console.decided import SETS, drafted, tried
from tests.gateway.console.test_console_in_a_browser import Looked, looked
from tests.gateway.people.test_pages_in_a_browser import AXE, RULES

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

__all__ = ["looked"]


@pytest.mark.parametrize("width", [320, 1440])
async def test_axe_finds_nothing_on_the_forms_of_the_rules(looked: Looked, width: int) -> None:
    author, approver = await looked.console.browser("privacy-officer"), await looked.console.browser("approver")
    path = await drafted(author)
    await tried(looked.console, author, path)
    await looked.page.ask("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
    axe = AXE.read_text()
    for person, where in (
        (author, f"{SETS}/draft"),
        (author, path),
        (author, f"{path}/replays"),
        (approver, f"{path}/approval"),
        (approver, f"{path}/activation"),
    ):
        await looked.see_as(person)
        await looked.go(where)
        await looked.page.value(axe + "; undefined")
        found: Any = await looked.page.value(f"axe.run(document, {{runOnly: {json.dumps(RULES)}}})")
        assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found["violations"]] == [], where
        assert await looked.page.value("document.documentElement.scrollWidth") <= width, where
    assert looked.page.complaints == []
