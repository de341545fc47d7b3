"""Statements in a transaction, past SQLAlchemy's price for each of them: the driver's own ways, for the writer of the log.

SQLite takes them inline; PostgreSQL takes many rows by binary COPY and arrays. Measured: a group of one entry in a third of the time.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain, count
from typing import Any, Final

from sqlalchemy import Connection, Dialect
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.util import await_only

ROWS_OF_A_LOOKUP = 8_000
"""Under SQLite's limit of variables in a statement (32,766)."""
ROWS_OF_A_STATEMENT = 32
"""Rows that one INSERT of SQLite takes; a power of two, so that few statements differ and each is prepared once. With more of them a row
costs more, not less: measured, 256 cost half as much again."""
FEW_ROWS = 8
"""Up to so many, PostgreSQL takes an INSERT of its own for each: a COPY asks the server three times."""

SILENT_SECONDS: Final = 8
"""Whoever holds a lock of PostgreSQL and says nothing for so long loses it, with its transaction and its connection: a process that stands
still, or whose machine is gone, does not hold up all others. Less than what a service of the node waits for an answer."""

Change = tuple[str, tuple[Any, ...]]
"""An INSERT or UPDATE, and its values."""


class Driver:
    """One transaction. Statements are SQL of ours that both engines know, with `?` for each value.

    connection  has begun a transaction; all is called in the greenlet that it works in (Database.write, AsyncSession.run_sync)
    """

    def __init__(self, connection: Connection) -> None:
        self._transaction, self._is_sqlite = connection, connection.dialect.name == "sqlite"
        self._connection: Any = connection.connection.driver_connection

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """What a query finds."""
        if self._is_sqlite:
            return list(self._connection.execute(query, values).fetchall())
        if not self._connection.is_in_transaction():
            return [tuple(row) for row in self._transaction.exec_driver_sql(numbered(query), values)]
        return [tuple(record) for record in await_only(self._connection.fetch(numbered(query), *values))]

    def locked(self, query: str, *values: Any, patiently: bool = False) -> list[tuple[Any, ...]]:
        """What a query finds, locked until the transaction ends, at most SILENT_SECONDS after the last word from here.

        patiently  however long that lasts: where a holder of keys may be asked in between, and no append waits

        SQLite's writing transaction has locked everything.
        """
        if self._is_sqlite:
            return self.rows(query, *values)
        if patiently:
            return self.rows(f"{query} FOR UPDATE", *values)
        limit = f"set_config('idle_in_transaction_session_timeout', '{SILENT_SECONDS}s', true)"
        return [row[:-1] for row in self.rows(f"WITH held AS ({query} FOR UPDATE) SELECT held.*, {limit} FROM held", *values)]  # noqa: S608 names of ours

    def unless_held(self, query: str) -> str:
        """The same query for rows that nobody else holds, which it locks. SQLite's writing transaction holds everything itself."""
        return query if self._is_sqlite else f"{query} FOR UPDATE SKIP LOCKED"

    def change(self, statement: str, *values: Any) -> int:
        """Run an INSERT or UPDATE. Gives how many rows it concerned."""
        if self._is_sqlite:
            return int(self._connection.execute(statement, values).rowcount)
        self._begun()
        status: str = await_only(self._connection.execute(numbered(statement), *values))
        return int(status.rpartition(" ")[2])

    def together(self, changes: Sequence[Change]) -> list[int]:
        """Run INSERTs and UPDATEs, none of a row that another one is of. Gives how many rows each concerned. PostgreSQL is asked once."""
        if self._is_sqlite:
            return [int(self._connection.execute(statement, values).rowcount) for statement, values in changes]
        self._begun()
        parts, values = joined(changes)
        counts = ", ".join([f"(SELECT count(*) FROM change_{n})" for n in range(len(changes))])  # noqa: S608 names of ours
        return list(await_only(self._connection.fetchrow(numbered(f"WITH {parts} SELECT {counts}"), *values)))

    def insert(self, row: type[DeclarativeBase], rows: Sequence[tuple[Any, ...]]) -> None:
        """Insert rows, their values in the order of the table's columns. Raises the driver's error if one is there already."""
        if not rows:
            return
        columns = [column.name for column in row.__table__.columns]
        if self._is_sqlite:
            for some in _steps(rows):
                self._connection.execute(*insertion(row, some))
        elif len(rows) <= FEW_ROWS:
            self.together([insertion(row, rows)])
        else:
            self._begun()
            await_only(self._connection.copy_records_to_table(row.__tablename__, records=rows, columns=columns))

    def rewrite(self, row: type[DeclarativeBase], key: str, column: str, pairs: Sequence[tuple[bytes, bytes]]) -> None:
        """Give a column of bytes new values, by the value of another one. A row that is not there is not made."""
        if not pairs:
            return
        table = row.__tablename__
        if self._is_sqlite:
            self._connection.executemany(f"UPDATE {table} SET {column} = ? WHERE {key} = ?", [(made, held) for held, made in pairs])  # noqa: S608 its own names
        else:
            made = "unnest(?::bytea[], ?::bytea[]) AS made (held, value)"
            statement = f"UPDATE {table} SET {column} = made.value FROM {made} WHERE {table}.{key} = made.held"  # noqa: S608 its own names
            self.change(statement, [held for held, _ in pairs], [value for _, value in pairs])

    def merge(self, row: type[DeclarativeBase], rows: Sequence[tuple[Any, ...]], *, on_conflict: str) -> None:
        """Insert rows; of one whose primary key is there already do what `on_conflict` says: `DO NOTHING`, `DO UPDATE SET ...`."""
        if not rows:
            return
        table: Any = row.__table__
        columns, keys = [column.name for column in table.columns], ", ".join(column.name for column in table.primary_key)
        mark = "(" + ",".join("?" * len(columns)) + ")"
        head = f"INSERT INTO {row.__tablename__} ({', '.join(columns)}) VALUES "  # noqa: S608 its own names
        end = f" ON CONFLICT ({keys}) {on_conflict}"
        if self._is_sqlite:
            for some in _steps(rows):
                self._connection.execute(head + ",".join([mark] * len(some)) + end, tuple(chain.from_iterable(some)))
        else:
            self._begun()
            await_only(self._connection.executemany(numbered(head + mark + end), rows))

    def insert_missing(
        self, row: type[DeclarativeBase], rows: Sequence[tuple[Any, ...]], *, key: str, **fixed: int
    ) -> list[tuple[Any, ...]]:
        """Insert those of `rows` whose primary key is not there. Gives those that were there before, and maybe some that were not.

        key    the column in which their primary keys differ; `fixed` are the others
        """
        if not self._is_sqlite:
            at = [column.name for column in row.__table__.columns].index(key)
            there = {bytes(one[at]) for one in self.lookup(row, {key: [one[at] for one in rows]}, **fixed)} if rows else set()
            self.insert(row, [one for one in rows if one[at] not in there])
            return [one for one in rows if one[at] in there]
        doubtful: list[tuple[Any, ...]] = []
        for some in _steps(rows):
            statement, values = insertion(row, some)
            if self._connection.execute(f"{statement} ON CONFLICT DO NOTHING", values).rowcount != len(some):
                doubtful += some
        return doubtful

    def lookup(self, row: type[DeclarativeBase], wanted: Mapping[str, Sequence[Any]], **fixed: int) -> list[tuple[Any, ...]]:
        """The rows whose columns have one of the values `wanted` of each, and those that are `fixed`; in any order, all columns."""
        found: list[tuple[Any, ...]] = []
        *others, (key, values) = [(name, list(dict.fromkeys(some))) for name, some in wanted.items()]
        for start in range(0, len(values), ROWS_OF_A_LOOKUP):
            some = dict(others) | {key: values[start : start + ROWS_OF_A_LOOKUP]}
            if self._is_sqlite:
                marks = [f"{name} IN ({','.join('?' * len(of_it))})" for name, of_it in some.items()]
                where = " AND ".join([*(f"{name} = ?" for name in fixed), *marks])
                found += self.rows(f"SELECT * FROM {row.__tablename__} WHERE {where}", *fixed.values(), *chain.from_iterable(some.values()))  # noqa: S608 names of ours
            else:
                found += self.rows(
                    lookup_statement(self._transaction.dialect, row, tuple(some), tuple(fixed)), *some.values(), *fixed.values()
                )
        return found

    def lookup_near(self, row: type[DeclarativeBase], key: str, values: Sequence[bytes]) -> list[tuple[Any, ...]]:
        """`lookup` of values that lie close together, as keys do that begin with the time; maybe with rows that are not wanted.

        SQLite walks from the first to the last of them, where there is no more between than was asked for: of what is new, nothing.
        """
        if self._is_sqlite and len(values) > FEW_ROWS:
            query = f"SELECT * FROM {row.__tablename__} WHERE {key} BETWEEN ? AND ? LIMIT ?"  # noqa: S608 its own names
            between = self.rows(query, min(values), max(values), len(values) + 1)
            if len(between) <= len(values):
                return between
        return self.lookup(row, {key: values})

    def _begun(self) -> None:
        # INVARIANT: nothing is written outside a transaction. SQLAlchemy begins PostgreSQL's with the first statement that it is given.
        if not self._connection.is_in_transaction():
            self._transaction.exec_driver_sql("SELECT 1")


def joined(changes: Sequence[Change]) -> tuple[str, tuple[Any, ...]]:
    """Changes as the queries of a WITH of PostgreSQL, `change_0` and on, and their values."""
    parts = ", ".join([f"change_{n} AS ({statement} RETURNING 1)" for n, (statement, _) in enumerate(changes)])
    return parts, tuple(chain.from_iterable([values for _, values in changes]))


def insertion(row: type[DeclarativeBase], rows: Sequence[tuple[Any, ...]]) -> Change:
    """The INSERT of a few rows, their values in the order of the table's columns."""
    return _insert_statement(row, len(rows)), tuple(chain.from_iterable(rows))


@lru_cache(maxsize=256)
def _insert_statement(row: type[DeclarativeBase], count: int) -> str:
    columns = [column.name for column in row.__table__.columns]
    marks = ",".join(["(" + ",".join("?" * len(columns)) + ")"] * count)
    return f"INSERT INTO {row.__tablename__} ({', '.join(columns)}) VALUES {marks}"  # noqa: S608 its own names


@lru_cache(maxsize=256)
def lookup_statement(dialect: Dialect, row: type[DeclarativeBase], keys: tuple[str, ...], fixed: tuple[str, ...]) -> str:
    """PostgreSQL's look-up of each value by itself.

    Of `key = ANY(array)` it makes a filter over all rows that the other columns leave, value by value, wherever it knows no better: on a
    log that had just grown that took 0.3 s for what takes 10 ms. OFFSET 0 keeps the inner query as it is.
    """
    columns = row.__table__.columns
    arrays = [f"unnest(?::{columns[key].type.compile(dialect)}[]) AS of_{key} (value)" for key in keys]
    where = " AND ".join([*(f"{key} = of_{key}.value" for key in keys), *(f"{name} = ?" for name in fixed)])
    held = f"SELECT {', '.join(column.name for column in columns)} FROM {row.__tablename__} WHERE {where} OFFSET 0"  # noqa: S608 its own names
    return f"SELECT held.* FROM {', '.join(arrays)}, LATERAL ({held}) AS held"  # noqa: S608 its own names


@lru_cache(maxsize=256)
def numbered(statement: str) -> str:
    """PostgreSQL's marks: $1, $2, ..."""
    first, *others = statement.split("?")
    return first + "".join(f"${number}{part}" for number, part in zip(count(1), others, strict=False))


def _steps(rows: Sequence[tuple[Any, ...]]) -> Iterator[Sequence[tuple[Any, ...]]]:
    """The rows in pieces of powers of two."""
    start = 0
    while start < len(rows):
        size = min(ROWS_OF_A_STATEMENT, 1 << (len(rows) - start).bit_length() - 1)
        yield rows[start : start + size]
        start += size
