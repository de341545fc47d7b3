"""Changes that hold only together: each is of one row, or none of them is made. PostgreSQL is asked once for all of it, commit included.

What is known beforehand needs no transaction around it in which one change waits for what the one before it came to.
"""

from collections.abc import Awaitable, Callable, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any, Final

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, IntegrityError

from shared import prepared, straight
from shared.open_connections import OpenConnections
from shared.prepared import Change, counted_text, prepared_for

DIVISION_BY_ZERO: Final = "22012"


class NotOfOneRow(Exception):
    """A change is of no row, or of several: something came between."""


def make(connection: Connection, changes: Sequence[Change], beside: Sequence[Change]) -> None:
    """In a transaction: SQLite's way. Raises NotOfOneRow, to be rolled back."""
    for statement, values in beside:
        prepared.change(connection, statement, values)
    for statement, values in changes:
        if prepared.change(connection, statement, values) != 1:
            raise NotOfOneRow


async def make_straight(connections: OpenConnections, changes: Sequence[Change], beside: Sequence[Change]) -> None:
    """In one statement of PostgreSQL. Raises NotOfOneRow, and nothing is made."""
    every = (*changes, *beside)

    async def ask(connection: Connection) -> None:
        several = [prepared_for(connection, statement, values) for statement, values in every]
        bound = [prepared.bound(values) for prepared, (_, values) in zip(several, every, strict=True)]
        text = text_of(tuple(prepared.text for prepared in several), tuple(len(values) for values in bound), len(changes))
        await straight.asked(connection, text, straight.driver(connection).execute(text, *chain.from_iterable(bound)))

    await _or_nothing(connections, ask)


async def run_straight(connections: OpenConnections, text: str, values: Sequence[Any]) -> None:
    """A text of PostgreSQL's that fails as one of `text_of` does. Raises NotOfOneRow, and nothing is made."""

    async def ask(connection: Connection) -> None:
        await straight.asked(connection, text, straight.driver(connection).execute(text, *values))

    await _or_nothing(connections, ask)


async def _or_nothing(connections: OpenConnections, ask: Callable[[Connection], Awaitable[None]]) -> None:
    try:
        await connections.straight(ask)
    except DBAPIError as error:
        if isinstance(error, IntegrityError) or getattr(error.orig, "sqlstate", None) == DIVISION_BY_ZERO:
            raise NotOfOneRow from error
        raise


@lru_cache(maxsize=prepared.KEPT)
def text_of(texts: tuple[str, ...], lengths: tuple[int, ...], exactly: int) -> str:
    """Statements as one, which fails as a whole unless each of the first `exactly` is of one row."""
    return f"{counted_text(texts, lengths)} {only_if([f'change_{number}' for number in range(exactly)])}"


def only_if(named: Sequence[str]) -> str:
    """How a text ends that fails unless each of the queries of its WITH that are named gave one row.

    Not told by a count: a statement that has ended has committed. The planner does not see that it may be a division by zero.
    """
    each = " AND ".join([f"(SELECT count(*) FROM {name}) = 1" for name in named])  # noqa: S608 names of ours
    return f"SELECT 1 / (CASE WHEN {each} THEN 1 ELSE 0 END)"
