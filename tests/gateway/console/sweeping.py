"""What is looked for on a page that a browser shows: faults that axe-core finds, sideways scrolling, controls that the keyboard misses."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any, Final

from services.gateway.door.gateway_routes import GATEWAY
from services.gateway.door.paths import Matcher
from tests.axe import found_by_axe
from tests.chromium import Page

LOOKS: Final = ((320, "light"), (320, "dark"), (1440, "light"), (1440, "dark"))
CROSSED: Final = ((320, "light"), (1440, "dark"))
"""Each width and each light once, where the page is seen in all looks elsewhere."""
WIDTHS: Final = (320, 1440)
MOST_STOPS: Final = 500
FILES: Final = frozenset({"export", "proof", "tlog-proof", "consistency", "witnesses.policy"})
"""Last segments of what is no page but a file, beside those with an ending."""
ENDINGS: Final = (".csv", ".html", ".pdf")
ROUTES: Final = Matcher(GATEWAY)

STOPS: Final = """
(() => {
  const groups = new Set();
  window.stops = [...document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex]')].filter(one => {
    if (one.disabled || one.tabIndex < 0 || one.type === 'hidden' || !one.checkVisibility({ visibilityProperty: true })) return false;
    if (one.type !== 'radio') return true;
    const first = !groups.has(one.name);
    groups.add(one.name);  // a group is one stop
    return first;
  });
  return window.stops.length;
})()
"""
WATCHED: Final = """
(() => {
  window.stood = [];
  document.addEventListener('focusin', ({ target: one }) => {
    const shown = getComputedStyle(one);
    const at = window.stops.findIndex(stop => stop === one || (one.type === 'radio' && stop.name === one.name));
    window.stood.push([at, shown.outlineStyle !== 'none' && shown.outlineWidth !== '0px', one.outerHTML.slice(0, 120)]);
  });
})()
"""
OUTSIDE: Final = """
[...document.querySelectorAll('tbody td > *, tbody th > *')].filter(one => {
  const inside = one.getBoundingClientRect(), cell = one.parentElement.getBoundingClientRect();
  return cell.width > 1 && (inside.right > cell.right + 1 || inside.left < cell.left - 1);
}).map(one => one.outerHTML.slice(0, 120))
"""
"""What sticks out of its cell; one of a pixel is for screen readers alone."""
AT_ONCE: Final = 20
"""Keys that are pressed before the page is asked where the focus has been."""


def pages_under(folder: str) -> set[str]:
    """The templates of every page whose address begins so, by the routing table."""
    under = {one.template for one in GATEWAY if one.method == "GET" and f"{one.template}/".startswith(f"{folder}/")}
    files = {one for one in under if one.rpartition("/")[2] in FILES or one.endswith(ENDINGS) or "/assets/" in one}
    return {one for one in under - files if not one.endswith(":path}")}


def template_of(path: str) -> str:
    """Of the route that answers a path."""
    return ROUTES.match("GET", path.partition("?")[0].encode()).template


async def faults(page: Page, path: str, looks: Iterable[tuple[int, Any]] = LOOKS, **rules: Mapping[str, bool]) -> list[Any]:
    """Of the page that is shown, in each look: what axe finds, and what is too wide.

    Of a width that was looked at before only the rules of colours are asked again: schemes differ in nothing else (test_words).
    """
    seen: list[Any] = []
    widths = set[int]()
    for width, scheme in looks:
        await page.tab.set_viewport_size({"width": width, "height": 900})
        await page.tab.emulate_media(color_scheme=scheme)
        seen += [(path, width, scheme, *found) for found in await found_by_axe(page, of_colours=width in widths, **rules)]
        widths.add(width)
        seen += await _too_wide(page, path, width)
    return seen


async def sideways(page: Page, path: str, widths: Iterable[int] = (320, 1024, 1440)) -> list[Any]:
    """At which widths the page that is shown scrolls sideways, or something sticks out of its cell."""
    seen: list[Any] = []
    for width in widths:
        await page.tab.set_viewport_size({"width": width, "height": 900})
        seen += await _too_wide(page, path, width)
    return seen


async def _too_wide(page: Page, path: str, width: int) -> list[Any]:
    outside: Any = await page.value(OUTSIDE)
    scrolls = await page.value("document.documentElement.scrollWidth") > width
    return [*([(path, width, "sideways")] if scrolls else []), *((path, width, "sticks out of its cell", one) for one in outside)]


async def missed_by_keyboard(page: Page, path: str) -> list[Any]:
    """Of the page that was just opened: where the order of Tab is not that of its controls, and where nobody sees the focus."""
    count = await page.value(STOPS)
    await page.value(WATCHED)
    stood: list[Any] = []
    for _ in range(MOST_STOPS // AT_ONCE):
        pressed = {"type": "rawKeyDown", "key": "Tab", "code": "Tab", "windowsVirtualKeyCode": 9}
        await asyncio.gather(*(page.ask("Input.dispatchKeyEvent", **pressed) for _ in range(AT_ONCE)))
        stood = await page.value("window.stood")
        if any(at == count - 1 for at, _shown, _what in stood):
            break
    order = [at for at, _shown, _what in stood]
    order = order[: order.index(count - 1) + 1] if count - 1 in order else order
    unseen = [(path, what, "nobody sees that the focus is there") for _at, is_shown, what in stood[: len(order)] if not is_shown]
    return unseen if order == list(range(count)) else [*unseen, (path, count, order)]
