"""Addresses of the console that are no page: a browser is shown one that says so, once its person is signed in."""

from collections.abc import Iterable
from typing import Final

from services.gateway.console import no_page
from services.gateway.console.navigation import HOME
from services.gateway.door.route import KIB, people

NO_PAGE: Final = people("GET", no_page.PATH, body=8 * KIB)
"""In no table: it is taken where no route is found. It changes nothing, so that a form of anybody's may lead to it."""

ASKED_BY_LINKS_AND_FORMS: Final = frozenset({"GET", "POST"})


def is_for_a_browser(method: str, raw_path: bytes, fields: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether a page is the answer: a link or form of the console, of what shows HTML (RFC 9110 section 12.5.1)."""
    inside = raw_path.startswith(HOME.encode() + b"/") or raw_path == HOME.encode()
    return inside and method in ASKED_BY_LINKS_AND_FORMS and any(name == b"accept" and b"text/html" in value for name, value in fields)
