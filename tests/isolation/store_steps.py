"""How much work the handling of a request is for its stores, in steps of SQLite's virtual machine: what a statement does inside of it.

One and the same statement may look through all that the caller has once it has found a row, and through nothing where there is none. No
statement, value or call tells of that.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final

from shared.inline_sqlite import InlineConnection, InlineCursor

_WAYS: Final = tuple((kind, name) for kind in (InlineConnection, InlineCursor) for name in ("execute", "executemany"))
"""As tests/isolation/statements.py has them."""


@dataclass
class Steps:
    """Of the block so far."""

    count: int = 0


_COUNTED: Final[ContextVar[Steps | None]] = ContextVar("steps", default=None)


@contextmanager
def store_steps() -> Iterator[Steps]:
    """Those of the block, and not of what works in the background."""
    steps = Steps()
    for kind, name in _WAYS:
        setattr(kind, name, _counting(getattr(kind, name)))
    before = _COUNTED.set(steps)
    try:
        yield steps
    finally:
        _COUNTED.reset(before)
        for kind, name in _WAYS:
            delattr(kind, name)


def _count() -> int:
    steps = _COUNTED.get()
    if steps is not None:
        steps.count += 1
    return 0


def _counting(way: Any) -> Any:
    def counted(asked: InlineConnection | InlineCursor, statement: str, *values: Any) -> Any:
        connection = asked.connection if isinstance(asked, InlineCursor) else asked
        connection.set_progress_handler(_count, 1)  # it is asked as rows are read, too, and finds nobody who counts after the block
        return way(asked, statement, *values)

    return counted
