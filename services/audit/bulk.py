"""Many rows at once, inside a session's transaction, past SQLAlchemy's price for each row: the driver's own ways.

SQLite takes them inline; PostgreSQL by binary COPY and arrays.
"""

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase

ROWS_OF_A_LOOKUP = 8_000
"""Under SQLite's limit of variables in a statement (32,766)."""
ROWS_OF_A_STATEMENT = 64
"""Rows that one INSERT of SQLite takes; a power of two, so that few statements differ and each is prepared once."""


class Bulk:
    """Inserts and looks up rows in one transaction. Make it after the transaction's first statement."""

    def __init__(self, driver: Any, *, is_sqlite: bool) -> None:
        self._driver, self._is_sqlite = driver, is_sqlite

    @classmethod
    async def of(cls, tx: AsyncSession) -> "Bulk":
        """For the transaction of `tx`."""
        connection = await tx.connection()
        raw = await connection.get_raw_connection()
        return cls(raw.driver_connection, is_sqlite=connection.dialect.name == "sqlite")

    async def insert(self, row: type[DeclarativeBase], rows: Sequence[tuple[Any, ...]]) -> None:
        """Insert rows, their values in the order of the table's columns. Raises the driver's error if one is there already."""
        if not rows:
            return
        table = row.__table__
        if self._is_sqlite:
            for some in _steps(rows):
                marks = ",".join(["(" + ",".join("?" * len(table.columns)) + ")"] * len(some))
                self._driver.execute(f"INSERT INTO {row.__tablename__} VALUES {marks}", tuple(chain.from_iterable(some)))  # noqa: S608 its own name
        else:
            columns = [column.name for column in table.columns]
            await self._driver.copy_records_to_table(row.__tablename__, records=rows, columns=columns)

    async def lookup(self, row: type[DeclarativeBase], key: str, values: Sequence[bytes]) -> list[tuple[Any, ...]]:
        """The rows whose column `key` is one of `values`, in any order, all columns."""
        found: list[tuple[Any, ...]] = []
        table = row.__table__
        for start in range(0, len(values), ROWS_OF_A_LOOKUP):
            some = values[start : start + ROWS_OF_A_LOOKUP]
            if self._is_sqlite:
                marks = ",".join("?" * len(some))
                found += self._driver.execute(f"SELECT * FROM {row.__tablename__} WHERE {key} IN ({marks})", some).fetchall()  # noqa: S608 names of ours
            else:
                columns = ", ".join(column.name for column in table.columns)
                query = f"SELECT {columns} FROM {row.__tablename__} WHERE {key} = ANY($1::bytea[])"  # noqa: S608 names of ours
                found += [tuple(record) for record in await self._driver.fetch(query, list(some))]
        return found


def _steps(rows: Sequence[tuple[Any, ...]]) -> Iterator[Sequence[tuple[Any, ...]]]:
    """The rows in pieces of powers of two."""
    start = 0
    while start < len(rows):
        count = min(ROWS_OF_A_STATEMENT, 1 << (len(rows) - start).bit_length() - 1)
        yield rows[start : start + count]
        start += count
