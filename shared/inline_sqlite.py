"""SQLite for an event loop: statements run where they are, only the commit waits for the disk in a thread.

The usual asynchronous driver sends each statement to a thread four times (cursor, execute, fetch, close): 1 ms of CPU a statement here,
where the statement itself costs 20 µs. What takes long is the commit's fsync, and that alone goes to a thread; BEGIN IMMEDIATE is tried
again in small waits instead of blocking the loop while another process writes. docs/decisions/0004.
"""

import asyncio
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from sqlalchemy import URL, AsyncAdaptedQueuePool
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.util import await_only

from shared.compiled_once import OneOfItsKind

DRIVER = "sqlite+inline"
BUSY_SECONDS = 30.0
RETRY_SECONDS = 0.005


class InlineCursor(sqlite3.Cursor):
    """A cursor as SQLAlchemy's asyncio engine wants it."""

    async def _async_soft_close(self) -> None:
        """Nothing is held on a server: rows are read where they are."""


class InlineConnection(sqlite3.Connection):
    """A connection whose cursors are `InlineCursor`."""

    reads_only = False
    """Its commits have nothing to wait for."""

    def cursor(self, factory: Any = InlineCursor) -> Any:
        """A new cursor."""
        return super().cursor(factory)


class InlineSqliteDialect(OneOfItsKind, SQLiteDialect_pysqlite):
    """pysqlite's dialect under SQLAlchemy's asyncio engine."""

    driver = "inline"
    is_async = True
    supports_statement_cache = True
    _commits = ThreadPoolExecutor(max_workers=8, thread_name_prefix="sqlite-commit")

    @classmethod
    def get_pool_class(cls, url: URL) -> type[AsyncAdaptedQueuePool]:
        """A pool whose waiters do not block the loop."""
        return AsyncAdaptedQueuePool

    def create_connect_args(self, url: URL) -> Any:
        """As pysqlite's; a connection is used by one task at a time, its commit by a thread while that task waits."""
        arguments, options = super().create_connect_args(url)
        return arguments, {**options, "check_same_thread": False, "isolation_level": None, "factory": InlineConnection}

    def do_commit(self, dbapi_connection: Any) -> None:
        """COMMIT in a thread: it waits for fsync."""
        if dbapi_connection.reads_only:
            dbapi_connection.commit()
        elif dbapi_connection.in_transaction:
            loop = asyncio.get_running_loop()
            await_only(loop.run_in_executor(self._commits, dbapi_connection.commit))


def begin_immediate(connection: sqlite3.Connection) -> None:
    """BEGIN IMMEDIATE; while another process holds the write lock, try again without blocking the loop. Raises sqlite3.OperationalError."""
    waited = 0.0
    while True:
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or waited >= BUSY_SECONDS:
                raise
            await_only(asyncio.sleep(RETRY_SECONDS))
            waited += RETRY_SECONDS
        else:
            return


registry.register("sqlite.inline", __name__, InlineSqliteDialect.__name__)
