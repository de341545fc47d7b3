"""What the database does for a question: the plan of each statement that a piece of code makes, on either engine."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, event, text


def plans(connection: Connection, ask: Callable[[Connection], Any]) -> list[str]:
    """The plan of each statement that `ask` makes, a text each. PostgreSQL is kept from reading small tables whole."""
    made: list[tuple[str, Any]] = []

    def keep(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        made.append((statement, parameters))

    event.listen(connection, "before_cursor_execute", keep)
    try:
        ask(connection)
    finally:
        event.remove(connection, "before_cursor_execute", keep)
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
