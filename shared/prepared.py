"""Statements of hot paths, compiled once for each engine and given to its driver.

SQLAlchemy's execution of a statement (cache key, execution context, cursor result) costs 90 µs where SQLite itself needs 10. Types are
converted as always; the transaction is the connection's, and what the driver raises comes as SQLAlchemy's error.
"""

import re
from collections import namedtuple
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import lru_cache, partial
from itertools import chain
from typing import Any, Final, NoReturn, Protocol

from sqlalchemy import Connection, Dialect, LargeBinary
from sqlalchemy.sql import ClauseElement
from sqlalchemy.util import await_only

from shared.unnested import of_many

KEPT: Final = 1024
LONGEST_KEPT: Final = 16
"""A text for each length of a list is kept up to here; a longer list is written out each time."""

Values = Mapping[str, Any]
"""Of the statement's parameters. A list or tuple belongs to an IN."""
Change = tuple[ClauseElement, Values]
"""An INSERT, UPDATE or DELETE, and its values."""


class WriteWhileLooking(RuntimeError):
    """A statement that writes came where no transaction is around it (Database.look): it would be committed by itself."""


class Answers(Protocol):
    """What questions have found already, in the place of a connection (shared.seen_together)."""

    def rows(self, statement: ClauseElement, values: Values) -> list[Any]:
        """As the function of that name."""
        ...


Asked = Connection | Answers
"""Of whom a question is asked."""


def rows(connection: Asked, statement: ClauseElement, values: Values | None = None) -> list[Any]:
    """What a query finds: named tuples, their values in the order of its columns."""
    given = values or {}
    if not isinstance(connection, Connection):
        return connection.rows(statement, given)
    prepared = prepared_for(connection, statement, given)
    return prepared.read(_found(connection, prepared, given))


def plain_rows(connection: Connection, statement: ClauseElement, values: Values) -> list[tuple[Any, ...]]:
    """As `rows`, for a query of many rows whose columns are read as the driver has them: tuples, in the order of its columns."""
    prepared = prepared_for(connection, statement, values)
    found = _found(connection, prepared, values)
    return prepared.read(found) if prepared.converts else found


def row(connection: Asked, statement: ClauseElement, values: Values | None = None) -> Any | None:
    """The one row that a query finds; None if there is none. For a query that finds no more than one."""
    found = rows(connection, statement, values)
    return found[0] if found else None


def change(connection: Connection, statement: ClauseElement, values: Values) -> int:
    """Run an INSERT, UPDATE or DELETE. Gives how many rows it concerned."""
    _require_writing(connection)
    prepared = prepared_for(connection, statement, values)
    driver = _begun(connection)
    if driver is not None:
        status = _asked(connection, prepared.text, lambda: driver.execute(prepared.text, *prepared.bound(values)))
        return int(status.rpartition(" ")[2])
    cursor = _execute(connection, prepared, prepared.bound(values))
    try:
        return int(cursor.rowcount)
    finally:
        cursor.close()


def change_each(connection: Connection, statement: ClauseElement, several: Sequence[Values]) -> int | None:
    """As `change`, once for each of several sets of values with the same names. None where the driver does not tell how many rows."""
    if len(several) < 2:
        return sum(change(connection, statement, values) for values in several)
    _require_writing(connection)
    prepared = prepared_for(connection, statement, several[0])
    cursor = _execute(connection, prepared, prepared.bound_each(several), many=True)
    try:
        return int(cursor.rowcount) if cursor.rowcount >= 0 else None
    finally:
        cursor.close()


def add_each(connection: Connection, statement: ClauseElement, several: Sequence[Values]) -> None:
    """As `change_each`, of an INSERT that gives each column a value. PostgreSQL gets a list for each column instead of a message a row."""
    if _at_once(connection, statement, several) is None:
        change_each(connection, statement, several)


def change_many(connection: Connection, statement: ClauseElement, several: Sequence[Values]) -> int:
    """As `change`, for each of several sets of values with the same names. Gives how many rows they concerned in all.

    PostgreSQL is asked once where it can be: a row that two of them are of is then changed once, and counted once.
    """
    count = _at_once(connection, statement, several)
    if count is None and connection.dialect.name == "sqlite":
        count = change_each(connection, statement, several)
    return sum(change(connection, statement, values) for values in several) if count is None else count


def _at_once(connection: Connection, statement: ClauseElement, several: Sequence[Values]) -> int | None:
    """How many rows one statement for all of it has concerned; None where there is none."""
    driver = _begun(connection) if len(several) > 1 else None
    prepared = None if driver is None else prepared_for(connection, statement, several[0])
    text = None if prepared is None else of_many(prepared.text)
    if driver is None or prepared is None or text is None:
        return None
    _require_writing(connection)
    columns = tuple(zip(*prepared.bound_each(several), strict=True))
    status = _asked(connection, text, lambda: driver.execute(text, *columns))
    return int(status.rpartition(" ")[2])


def together(connection: Connection, changes: Sequence[Change]) -> list[int]:
    """Run changes, none of a row that another one is of. Gives how many rows each concerned. PostgreSQL is asked once."""
    driver = _begun(connection) if len(changes) > 1 else None
    if driver is None:
        return [change(connection, statement, values) for statement, values in changes]
    _require_writing(connection)
    several = [prepared_for(connection, statement, values) for statement, values in changes]
    bound = [prepared.bound(values) for prepared, (_, values) in zip(several, changes, strict=True)]
    text = one_text(tuple(prepared.text for prepared in several), tuple(len(values) for values in bound))
    record = _asked(connection, text, lambda: driver.fetchrow(text, *chain.from_iterable(bound)))
    return [int(count) for count in record]


@lru_cache(maxsize=KEPT)
def one_text(texts: tuple[str, ...], lengths: tuple[int, ...]) -> str:
    """Statements of PostgreSQL as one, that gives how many rows each concerned."""
    counts = ", ".join(f"(SELECT count(*) FROM change_{number})" for number in range(len(texts)))  # noqa: S608 names of ours
    return f"{counted_text(texts, lengths)} SELECT {counts}"


def counted_text(texts: Sequence[str], lengths: Sequence[int]) -> str:
    """How a text begins that has several: `change_0` and on are the rows that each concerned. `lengths`: how many values each has."""
    parts, first = [], 0
    for number, (text, length) in enumerate(zip(texts, lengths, strict=True)):
        parts.append(f"change_{number} AS ({renumbered(text, first)} RETURNING 1)")
        first += length
    return f"WITH {', '.join(parts)}"


def renumbered(text: str, first: int) -> str:
    """A text of PostgreSQL whose values come behind `first` others."""
    return _NUMBERED.sub(partial(_moved, first), text)


_NUMBERED = re.compile(r"\$(\d+)")


def _moved(by: int, mark: re.Match[str]) -> str:
    return f"${int(mark[1]) + by}"


def _require_writing(connection: Connection) -> None:
    if connection.get_execution_options().get("postgresql_readonly"):
        raise WriteWhileLooking


class Prepared:
    """A statement's text, and how its values go to the driver and come from it."""

    def __init__(self, compiled: Any, columns: Sequence[Any], values: Values) -> None:
        dialect = compiled.dialect
        expanded = compiled.construct_expanded_state(values)
        listed = {one: (name, place) for name, several in expanded.parameter_expansion.items() for place, one in enumerate(several)}
        self.text: str = expanded.statement
        self._places: list[_Place] = []
        for one in expanded.positiontup or ():
            name, place = listed.get(one, (one, None))
            kind = compiled.binds[name].type.dialect_impl(dialect)
            convert = None if isinstance(kind, LargeBinary) else kind.bind_processor(dialect)  # drivers take bytes as they are
            if name in values:
                self._places.append((name, place, None, convert))
            else:  # the statement itself has said it
                said = expanded.parameters[one]
                self._places.append((None, None, said if convert is None else convert(said), None))
        self._by_name = [(name, convert) for name, place, _, convert in self._places if name is not None and place is None]
        self._all_named = len(self._by_name) == len(self._places)
        """No list, nothing that the statement says: each row of an INSERT."""
        self._row = namedtuple("Found", [column.key for column in columns], rename=True)._make  # type: ignore[attr-defined]
        readers = [column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns]
        self._readers = [(place, reader) for place, reader in enumerate(readers) if reader is not None]

    @property
    def converts(self) -> bool:
        """Whether a column is not as the driver has it."""
        return bool(self._readers)

    def bound(self, values: Values) -> tuple[Any, ...]:
        """The driver's values."""
        if self._all_named:
            return tuple([values[name] if convert is None else convert(values[name]) for name, convert in self._by_name])
        bound = []
        for name, place, said, convert in self._places:
            if name is None:
                bound.append(said)
                continue
            value = values[name] if place is None else values[name][place]
            bound.append(value if convert is None else convert(value))
        return tuple(bound)

    def bound_each(self, several: Sequence[Values]) -> list[tuple[Any, ...]]:
        """As `bound`, of each: column by column, which takes less than row by row."""
        if not self._all_named:
            return [self.bound(values) for values in several]
        columns = [
            [values[name] for values in several] if convert is None else [convert(values[name]) for values in several]
            for name, convert in self._by_name
        ]
        return list(zip(*columns, strict=True))

    def read(self, found: Sequence[Sequence[Any]]) -> list[Any]:
        """The rows of a cursor."""
        if not self._readers:
            return [self._row(one) for one in found]
        read = []
        for one in found:
            values = list(one)
            for place, reader in self._readers:
                values[place] = reader(values[place])
            read.append(self._row(values))
        return read


_Place = tuple[str | None, int | None, Any, Callable[[Any], Any] | None]
"""Of one value of the driver: the parameter's name, its place in a list, the value where the statement has said it, its conversion."""

_prepared: dict[Any, Prepared] = {}


def prepared_for(connection: Connection, statement: ClauseElement, values: Values) -> Prepared:
    """By the statement itself, not by what it says: for statements that a module builds once."""
    lengths = tuple(len(value) for value in values.values() if type(value) in (list, tuple))
    key = (statement, connection.dialect, tuple(values), lengths)
    held = _prepared.get(key)
    if held is None:
        compiled, columns = _compiled(statement, connection.dialect, tuple(values))
        held = Prepared(compiled, columns, values)
        if all(length <= LONGEST_KEPT for length in lengths):
            if len(_prepared) >= KEPT:
                _prepared.clear()
            _prepared[key] = held
    return held


@lru_cache(maxsize=KEPT)
def _compiled(statement: Any, dialect: Dialect, names: tuple[str, ...]) -> tuple[Any, tuple[Any, ...]]:
    """The statement for an engine, and the columns that it gives."""
    compiled: Any = statement.compile(dialect=dialect, column_keys=names, for_executemany=True)
    if (compiled.isinsert and compiled.insert_prefetch) or (compiled.isupdate and compiled.update_prefetch):
        raise TypeError("a prepared statement is given the value of every column that has a default")
    return compiled, () if compiled.isinsert or compiled.isupdate or compiled.isdelete else tuple(statement.selected_columns)


def _found(connection: Connection, prepared: Prepared, values: Values) -> list[Any]:
    bound, driver = prepared.bound(values), _begun(connection)
    if driver is not None:
        records: list[Any] = _asked(connection, prepared.text, lambda: driver.fetch(prepared.text, *bound))
        return records
    cursor = _execute(connection, prepared, bound)
    try:
        return list(cursor.fetchall())
    finally:
        cursor.close()


def _begun(connection: Connection) -> Any | None:
    """asyncpg's own connection, to be asked without what SQLAlchemy's cursor does around it: half of a statement's price.

    Not before its transaction has begun, which SQLAlchemy does with the first statement; or where none is to (Database.look).
    """
    if connection.dialect.driver != "asyncpg" or not connection.in_transaction():
        return None
    driver = connection.connection.driver_connection
    alone = connection.get_execution_options().get("isolation_level") == "AUTOCOMMIT"
    return driver if driver is not None and (alone or driver.is_in_transaction()) else None


def _asked(connection: Connection, text: str, ask: Callable[[], Awaitable[Any]]) -> Any:
    """What asyncpg answers; its errors as SQLAlchemy's."""
    try:
        return await_only(ask())
    except Exception as error:
        raise_as_sqlalchemys(connection, text, error)


def raise_as_sqlalchemys(connection: Connection, text: str, error: Exception) -> NoReturn:
    """Raise an error of asyncpg as SQLAlchemy's. A connection that broke leaves the pool. To be called in a greenlet."""
    try:
        adapted: Any = connection.connection.dbapi_connection
        adapted._handle_exception(error)
    except BaseException as adapted_error:
        connection._handle_dbapi_exception(adapted_error, text, None, None, None)
    raise AssertionError("an error is raised")  # neither returns


def _execute(connection: Connection, prepared: Prepared, values: Any, *, many: bool = False) -> Any:
    # INVARIANT: nothing runs outside a transaction: on a connection that has not begun one, SQLite would commit each statement.
    if not connection.in_transaction():
        raise RuntimeError("a prepared statement runs in a transaction")
    cursor = connection.connection.cursor()
    try:
        if many:
            cursor.executemany(prepared.text, values)
        else:
            cursor.execute(prepared.text, values)
    except BaseException as error:
        # SQLAlchemy's own way with a driver's error: its type; a connection that broke, or was cancelled at work, leaves the pool.
        connection._handle_dbapi_exception(error, prepared.text, None, cursor, None)
    return cursor
