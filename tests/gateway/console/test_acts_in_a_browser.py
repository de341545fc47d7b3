"""Pages of every role and the forms of their acts, with data, in a real browser: axe-core finds nothing, nothing scrolls sideways."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.gateway.console.acting import pages_of_roles
from tests.gateway.console.looking import looking
from tests.gateway.people.test_pages_in_a_browser import AXE, RULES

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

LOOKS = ((320, "light"), (320, "dark"), (1440, "light"), (1440, "dark"))


async def test_axe_finds_nothing_on_the_pages_of_each_role_nor_on_the_forms_of_its_acts(tmp_path: Path) -> None:
    wrong, seen, axe = [], 0, AXE.read_text()
    async with looking(tmp_path) as looked:
        async for person, paths in pages_of_roles(looked.console):
            await looked.see_as(person)
            for path in paths:
                await looked.go(path)
                seen += 1
                await looked.page.value(axe + "; undefined")
                for width, scheme in LOOKS:
                    await looked.size(width, scheme=scheme)
                    found: Any = await looked.page.value(f"axe.run(document, {{runOnly: {json.dumps(RULES)}}})")
                    wrong += [(path, width, scheme, one["id"], [node["html"] for node in one["nodes"]]) for one in found["violations"]]
                    if await looked.page.value("document.documentElement.scrollWidth") > width:
                        wrong.append((path, width, scheme, "sideways", []))
        assert wrong == []
        assert seen > 25, "the forms are there"
        assert looked.page.complaints == []
