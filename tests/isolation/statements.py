"""Which statements the handling of a request has its stores execute: one more about what is there than about what is not would tell of it.

Exactly, and by their text: values are parameters. Only those of the request itself: what works in the background has a context of its own.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

from sqlalchemy import event
from sqlalchemy.engine import Engine

_HEARD: Final[ContextVar[list[str] | None]] = ContextVar("statements", default=None)


@contextmanager
def statements() -> Iterator[list[str]]:
    """Those of the block, as they come."""
    heard: list[str] = []
    event.listen(Engine, "before_cursor_execute", _note)
    before = _HEARD.set(heard)
    try:
        yield heard
    finally:
        _HEARD.reset(before)
        event.remove(Engine, "before_cursor_execute", _note)


def _note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
    heard = _HEARD.get()
    if heard is not None:
        heard.append(statement)
