"""axe-core over the page that a browser shows: what it finds that a person could not see, reach or have read to them."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from tests.chromium import Page

AXE: Final = Path(__file__).parent / "npm" / "node_modules" / "axe-core" / "axe.min.js"
TAGS: Final = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
Found = tuple[str, list[str]]
"""A rule that is broken, and by which elements."""


async def found_by_axe(page: Page, **rules: Mapping[str, bool]) -> list[Found]:
    """What axe finds on the page that is shown. Of what is in order nothing is described or sent: that took most of the time."""
    if not await page.value("'axe' in window"):
        await page.value(AXE.read_text() + "; undefined")
    asked = {"runOnly": TAGS, "rules": rules, "resultTypes": ["violations"]}
    broken = "found.violations.map(one => [one.id, one.nodes.map(node => node.html)])"
    found: Any = await page.value(f"axe.run(document, {json.dumps(asked)}).then(found => {broken})")
    return [(rule, elements) for rule, elements in found]
