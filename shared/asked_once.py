"""Questions that several ask of the store at one moment, alike: each is asked once.

Nothing is kept beyond the block: whoever comes next asks anew.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from sqlalchemy.sql import ClauseElement

from shared import prepared
from shared.prepared import Asked, Values

_found: ContextVar[dict[Any, list[Any]] | None] = ContextVar("_found", default=None)


@contextmanager
def asked_once() -> Iterator[None]:
    """Around several in one transaction: one that is one snapshot, or one that changes nothing of what `rows_once` asks for in it."""
    token = _found.set({})
    try:
        yield
    finally:
        _found.reset(token)


def rows_once(connection: Asked, statement: ClauseElement, values: Values) -> list[Any]:
    """As `prepared.rows`; within `asked_once` the same statement with the same values is asked once. A list's order is part of it."""
    found = _found.get()
    if found is None:
        return prepared.rows(connection, statement, values)
    key = (connection, statement, *[tuple(value) if isinstance(value, list) else value for value in values.values()])
    if key not in found:
        found[key] = prepared.rows(connection, statement, values)
    return list(found[key])
