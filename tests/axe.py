"""axe-core over the page that a browser shows: what it finds that a person could not see, reach or have read to them."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from tests.chromium import Page

AXE: Final = Path(__file__).parent / "npm" / "node_modules" / "axe-core" / "axe.min.js"
TAGS: Final = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
OF_COLOURS: Final = ("color-contrast", "link-in-text-block")
"""The rules whose finding is another when nothing but colours is."""
Found = tuple[str, list[str]]
"""A rule that is broken, and by which elements."""


async def found_by_axe(page: Page, *, of_colours: bool = False, **rules: Mapping[str, bool]) -> list[Found]:
    """What axe finds on the page that is shown. Of what is in order nothing is described or sent: that took most of the time.

    of_colours  by these rules alone: all were asked of the same page before, in other colours
    """
    if not await page.value("'axe' in window"):
        await page.tab.add_init_script(path=AXE)  # each page after this one has it: sent once, compiled once
        await page.value(AXE.read_text() + "; undefined")
    asked_for = {"type": "rule", "values": OF_COLOURS} if of_colours else {"type": "tag", "values": TAGS}
    asked = {"runOnly": asked_for, "rules": rules, "resultTypes": ["violations"]}
    broken = "found.violations.map(one => [one.id, one.nodes.map(node => node.html)])"
    found: Any = await page.value(f"axe.run(document, {json.dumps(asked)}).then(found => {broken})")
    return [(rule, elements) for rule, elements in found]
