"""Where each value of a document went: into the record, into what is kept beside it, or into the report. For whichever format is read.

A value is marked, one at a time, with one that stands nowhere else; then it is looked for in what was read.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from datetime import date, timedelta
from typing import Any, Final

from services.records.formats.parsed import ParsedRoster

Path = tuple[str | int, ...]
"""Members and places from the outermost value to a leaf."""

SAID_TO_BE_LEFT: Final = frozenset(
    {"student-unknown", "student-id-missing", "resource-not-read", "of-no-student-alone", "id-twice", "secret-left"}
)
"""Reasons of a report that say of a place that what is there stays with the source."""


def leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every text and number in a value of JSON, with where it is. A yes or no cannot be marked."""
    if isinstance(value, Mapping):
        for name, member in value.items():
            yield from leaves(member, (*path, name))
    elif isinstance(value, list):
        for place, member in enumerate(value):
            yield from leaves(member, (*path, place))
    elif value is not None and not isinstance(value, bool):
        yield path, value


def put(document: Any, path: Path, value: Any) -> Any:
    """A copy of the document with another value at a place."""
    made = deepcopy(document)
    at = made
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = value
    return made


_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")


def marked(value: Any, taken: str) -> tuple[Any, str]:
    """A value of the same kind that does not occur in `taken`, and the text by which it is known again."""
    if isinstance(value, str) and _DAY.match(value):
        day = date.fromisoformat(value[:10])
        other = next(str(day + timedelta(days=days)) for days in range(3, 60) if str(day + timedelta(days=days)) not in taken)
        return other + value[10:], other
    if isinstance(value, str):
        head, hash_, tail = value.rpartition("#")
        if tail.isdigit():
            other = str(int(tail) + 7654321)[-len(tail) :] if len(tail) > 3 else "8765"
        else:
            words = (f"Q{one}" if len(tail) < 3 else f"Q{one}x" for one in "zyxwvutsrqp")
            other = next(word for word in words if word.casefold() not in taken.casefold())
        other = other.casefold() if tail.islower() else other
        return f"{head}{hash_}{other}", other
    if isinstance(value, float):
        return value + 0.0625, str(value + 0.0625)
    numbers = range(97, 60, -1) if value < 100 else range(2019, 2000, -1) if 1900 < value < 2100 else range(98765432, 98765400, -1)
    other_number = next(one for one in numbers if not is_there(str(one), taken))
    return other_number, str(other_number)


def written(parsed: ParsedRoster) -> str:
    """Everything that is in records and beside them, as one text."""
    held = [[one.record.document() if one.record is not None else None, one.beside] for one in parsed.students]
    return json.dumps(held, ensure_ascii=False, default=dict).replace("\\n", " ")


def is_said(parsed: ParsedRoster, position: str) -> bool:
    """Whether the report says of a body, an element or something in it, or once for all of its kind, that it stays with the source."""
    once = f"{position.partition(':')[0]}:"
    return any(
        (one.reason in SAID_TO_BE_LEFT and f"{one.position}:".startswith(f"{position}:"))
        or (one.reason == "of-no-student-alone" and one.position.startswith(once))
        for one in parsed.findings.unresolved
    )


def is_there(mark: str, text: str) -> bool:
    """Whether a mark stands in a text, by itself."""
    return re.search(rf"(?<![0-9A-Za-z.]){re.escape(mark)}(?![0-9A-Za-z])", text) is not None


def gone(read: Callable[[Any], ParsedRoster], document: Any, path: Path, value: Any, mark: str, position: str) -> str | None:
    """Why a mark is nowhere; None where it is somewhere. INVARIANT: it is never in the report."""
    parsed = read(put(document, path, value))
    assert not is_there(mark, repr(parsed.findings)), f"the report tells the value at {path}"
    if is_there(mark, written(parsed)) or is_said(parsed, position):
        return None
    return f"{'.'.join(map(str, path))} ({mark}): {dict(parsed.findings.reasons)}"


def objects(value: Any, path: Path = ()) -> Iterator[Path]:
    """Where each object is, in a value of JSON."""
    if isinstance(value, Mapping):
        yield path
        for name, member in value.items():
            yield from objects(member, (*path, name))
    elif isinstance(value, list):
        for place, member in enumerate(value):
            yield from objects(member, (*path, place))
