"""One statement of PostgreSQL, asked of its driver itself: nothing begins or ends around it, and no greenlet waits for it.

SQLAlchemy's share of such a statement is four times asyncpg's, and more than the server's. Texts, types and errors are the same.
"""

from collections.abc import Awaitable, Sequence
from itertools import chain
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.sql import ClauseElement
from sqlalchemy.util import greenlet_spawn

from shared.open_connections import OpenConnections
from shared.prepared import Change, Values, one_text, prepared_for, raise_as_sqlalchemys


async def rows(connections: OpenConnections, statement: ClauseElement, values: Values) -> list[Any]:
    """As `prepared.rows`: of a writing one what it returns, committed."""

    async def ask(connection: Connection) -> list[Any]:
        prepared = prepared_for(connection, statement, values)
        found = await asked(connection, prepared.text, driver(connection).fetch(prepared.text, *prepared.bound(values)))
        return prepared.read(found)

    return await connections.straight(ask)


async def records(connections: OpenConnections, text: str, values: Sequence[Any]) -> list[Any]:
    """What PostgreSQL gives for a text that is its own, committed: values both ways as asyncpg has them, and nothing converted."""

    async def ask(connection: Connection) -> list[Any]:
        found: list[Any] = await asked(connection, text, driver(connection).fetch(text, *values))
        return found

    return await connections.straight(ask)


async def together(connections: OpenConnections, changes: Sequence[Change]) -> list[int]:
    """As `prepared.together`, committed."""

    async def ask(connection: Connection) -> list[int]:
        several = [prepared_for(connection, statement, values) for statement, values in changes]
        bound = [prepared.bound(values) for prepared, (_, values) in zip(several, changes, strict=True)]
        text = one_text(tuple(prepared.text for prepared in several), tuple(len(values) for values in bound))
        record = await asked(connection, text, driver(connection).fetchrow(text, *chain.from_iterable(bound)))
        return [int(count) for count in record]

    return await connections.straight(ask) if changes else []


def driver(connection: Connection) -> Any:
    """asyncpg's own connection."""
    return connection.connection.driver_connection


async def asked(connection: Connection, text: str, asking: Awaitable[Any]) -> Any:
    """What asyncpg answers; its errors as SQLAlchemy's."""
    try:
        return await asking
    except Exception as error:
        await greenlet_spawn(raise_as_sqlalchemys, connection, text, error)
