"""Questions of one moment that are answered on one snapshot: what several of them ask of the store alike is asked once.

Nothing is kept beyond the block: the next snapshot is asked anew.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.sql import ClauseElement

from shared import prepared
from shared.prepared import Values

_found: ContextVar[dict[Any, list[Any]] | None] = ContextVar("_found", default=None)


@contextmanager
def one_snapshot() -> Iterator[None]:
    """Around several questions in one transaction that is one snapshot and writes nothing (Database.read)."""
    token = _found.set({})
    try:
        yield
    finally:
        _found.reset(token)


def rows_once(connection: Connection, statement: ClauseElement, values: Values) -> list[Any]:
    """As `prepared.rows`; within `one_snapshot` the same statement with the same values is asked once. A list's order is part of it."""
    found = _found.get()
    if found is None:
        return prepared.rows(connection, statement, values)
    key = (connection, statement, *[tuple(value) if isinstance(value, list) else value for value in values.values()])
    if key not in found:
        found[key] = prepared.rows(connection, statement, values)
    return list(found[key])
