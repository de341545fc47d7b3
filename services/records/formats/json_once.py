"""JSON objects of an upload, each member once: read by msgspec, which is quicker than to have the standard library look at each pair."""

from codecs import BOM_UTF8
from typing import Any, Final

import msgspec

from safepassage.canonical import json_object

_MAY_BE_A_COLON: Final = rb"\u003"
"""How a colon begins that is written as an escape."""


def without_mark(data: bytes) -> bytes:
    """A file without the byte order mark that some systems begin it with (RFC 8259, section 8.1): with it the first line is no JSON."""
    return data.removeprefix(BOM_UTF8)


def object_once(data: bytes) -> dict[str, Any]:
    """As `safepassage.canonical.json_object`. Raises ValueError for what is no JSON object, and for a member that occurs twice."""
    value = _quickly(data)
    return value if isinstance(value, dict) else json_object(data)


def _quickly(data: bytes) -> Any:
    """None where it cannot be told so that there is each member once: of a text that is no JSON for msgspec, among others.

    INVARIANT: of a member that comes twice one is lost, and a colon with it. Colons are between a member's name and its value, and within
    texts; these are as many in what is read, written again, unless one is written as an escape.
    """
    if _MAY_BE_A_COLON in data:
        return None
    try:
        value = msgspec.json.decode(data)
        return value if msgspec.json.encode(value).count(b":") == data.count(b":") else None
    except (msgspec.MsgspecError, ValueError, OverflowError, RecursionError):
        return None
