"""What the database does for a question: the plan of each statement that a piece of code makes, on either engine."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, event, text

Statement = tuple[str, Any]
"""Its text, and its values."""


@contextmanager
def made_on(connection: Connection) -> Iterator[list[Statement]]:
    """The statements that are made on a connection until the block ends; of one that is made many times, the first values."""
    made: list[Statement] = []

    def keep(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        made.append((statement, parameters[0] if isinstance(parameters, list) else parameters))

    event.listen(connection, "before_cursor_execute", keep)
    try:
        yield made
    finally:
        event.remove(connection, "before_cursor_execute", keep)


def plans(connection: Connection, ask: Callable[[Connection], Any]) -> list[str]:
    """The plan of each statement that `ask` makes, a text each. PostgreSQL is kept from reading small tables whole."""
    with made_on(connection) as made:
        ask(connection)
    return plans_of(connection, made)


def plans_of(connection: Connection, made: Sequence[Statement]) -> list[str]:
    """The plan of each of these, as `plans`."""
    if connection.dialect.name == "sqlite":
        return ["\n".join(row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {one}", given)) for one, given in made]
    connection.execute(text("SET LOCAL enable_seqscan = off"))
    return ["\n".join(row[0] for row in connection.exec_driver_sql(f"EXPLAIN {one}", given)) for one, given in made]


def steps(connection: Connection, ask: Callable[[Connection], Any]) -> int:
    """Hundreds of steps that SQLite's machine takes for `ask`: they grow with the rows that it looks at."""
    raw: Any = connection.connection.driver_connection
    taken = 0

    def count() -> int:
        nonlocal taken
        taken += 1
        return 0

    raw.set_progress_handler(count, 100)
    try:
        ask(connection)
    finally:
        raw.set_progress_handler(None, 0)
    return taken
