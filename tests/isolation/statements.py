"""Which statements the handling of a request has its stores execute: one more about what is there than about what is not would tell of it.

Exactly, by their text, and by how many values go with them and how long each is: ids are of one length. Only those of the request itself:
what works in the background has a context of its own.
They are heard where SQLite takes them, so that what goes past SQLAlchemy is heard too: prepared statements (shared.prepared), and those of
the log's own reader and writer (services.audit.driver).
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

from shared.inline_sqlite import InlineConnection, InlineCursor

_HEARD: Final[ContextVar[list[str] | None]] = ContextVar("statements", default=None)
_OF_CONNECTIONS: Final = ("BEGIN", "PRAGMA")
"""Of a transaction, or of a connection that is opened: they ask nothing."""
_WAYS: Final = tuple((kind, name) for kind in (InlineConnection, InlineCursor) for name in ("execute", "executemany"))
"""A connection's own makes a cursor that is none of ours, so that nothing is heard twice."""


@contextmanager
def statements() -> Iterator[list[str]]:
    """Those of the block, as they come."""
    heard: list[str] = []
    for kind, name in _WAYS:
        setattr(kind, name, _noting(getattr(kind, name)))
    before = _HEARD.set(heard)
    try:
        yield heard
    finally:
        _HEARD.reset(before)
        for kind, name in _WAYS:
            delattr(kind, name)


def _shape(given: object) -> object:
    """Of what goes with a statement: rows, their values, and of each its length, or its kind where it has none."""
    if isinstance(given, dict):
        return {name: _shape(value) for name, value in given.items()}
    if isinstance(given, list | tuple):
        return [_shape(one) for one in given]
    return len(given) if isinstance(given, str | bytes) else type(given).__name__


def _noting(way: Callable[..., Any]) -> Callable[..., Any]:
    def noted(asked: InlineConnection | InlineCursor, statement: str, *values: Any) -> Any:
        heard = _HEARD.get()
        if heard is not None and not statement.startswith(_OF_CONNECTIONS):
            heard.append(f"{statement} {[_shape(one) for one in values]}")
        return way(asked, statement, *values)

    return noted
