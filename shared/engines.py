"""How the stores of SQLite and PostgreSQL are opened: pools, and what each connection is told before its first statement."""

import time
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, event
from sqlalchemy.engine import URL
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from shared.compiled_once import COMPILED, POSTGRESQL_DRIVER
from shared.inline_sqlite import DRIVER, begin_immediate
from shared.prepared import WriteWhileLooking

KEPT_WRITERS, KEPT_READERS = 1, 2
"""Of SQLite."""
WAIT_SECONDS = 30
"""For a connection."""
WRITER_CACHE = "cache_size=-16000"
"""KiB of pages that a SQLite file's writer keeps: rows by random ids and tags touch many, and with the usual 2,000 each is read again."""
DURABLE: Final = {"synchronous_commit": "on"}
"""Whatever the server, the database or the role has: what was answered is on the disk of the server, and of its synchronous standbys."""

GONE: Final = {"tcp_keepalives_idle": "20", "tcp_keepalives_interval": "10", "tcp_keepalives_count": "3"}
"""A process whose machine is gone is given up within a minute, and its locks with it; the usual two hours are the operating system's."""

STANDS_STILL: Final = {"idle_in_transaction_session_timeout": "300s"}
"""A process that is there and says nothing, as one that was stopped, loses its transaction and what it had locked. Whatever works says
something sooner: what a service does ends within minutes, and jobs compute outside of transactions."""


def sqlite_engines(url: URL) -> tuple[AsyncEngine, AsyncEngine]:
    """The one that writes, and the one that reads, of a file."""
    path = Path(url.database or "")
    write_url = url.set(drivername=DRIVER)
    read_url = write_url.set(database=f"file:{path}", query={"mode": "ro", "uri": "true"})
    kept = {"hide_parameters": True, "pool_timeout": WAIT_SECONDS, "execution_options": {"compiled_cache": COMPILED}}
    writer = create_async_engine(write_url, pool_size=1 + KEPT_WRITERS, max_overflow=0, **kept)
    reader = create_async_engine(read_url, pool_size=4, max_overflow=4, **kept)

    def prepare_writer(connection: Any, _: ConnectionPoolEntry) -> None:
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "fullfsync=1",
            "foreign_keys=ON",
            "secure_delete=ON",
            "busy_timeout=0",
            WRITER_CACHE,
        ):
            connection.execute(f"PRAGMA {pragma}")

    def prepare_reader(connection: Any, _: ConnectionPoolEntry) -> None:
        for pragma in ("query_only=ON", "busy_timeout=5000"):
            connection.execute(f"PRAGMA {pragma}")
        connection.reads_only = True

    event.listen(writer.sync_engine, "connect", prepare_writer)
    event.listen(reader.sync_engine, "connect", prepare_reader)
    event.listen(writer.sync_engine, "begin", lambda connection: begin_immediate(connection.connection.dbapi_connection))
    event.listen(reader.sync_engine, "begin", lambda connection: connection.connection.dbapi_connection.execute("BEGIN"))
    return writer, reader


def postgresql_engine(url: URL, schema: str | None, pool_size: int, rested_seconds: float) -> AsyncEngine:
    """Of a server. A connection that has rested for `rested_seconds` is asked whether it is still there."""
    settings = {"search_path": schema} if schema else {}
    engine = create_async_engine(
        url.set(drivername=POSTGRESQL_DRIVER),
        hide_parameters=True,
        execution_options={"compiled_cache": COMPILED},
        pool_size=pool_size,
        max_overflow=0,
        pool_use_lifo=True,  # what was used last has its statements prepared, at both ends
        pool_timeout=WAIT_SECONDS,
        connect_args={"server_settings": {**settings, **DURABLE, **GONE, **STANDS_STILL, "application_name": "safe-passage"}},
    )
    event.listen(engine.sync_engine, "do_connect", _connect)
    _ask_after_rest(engine, rested_seconds)
    return engine


def _connect(dialect: Any, _: ConnectionPoolEntry, arguments: Any, named: Any) -> Any:
    """As SQLAlchemy would. What keeps asyncpg from connecting is the operating system's own error: here it is named as the store's."""
    try:
        return dialect.connect(*arguments, **named)
    except OSError as error:
        raise dialect.loaded_dbapi.OperationalError("the server is not reached", error) from error


def looker_of(writer: AsyncEngine) -> AsyncEngine:
    """For questions that no transaction is around. INVARIANT: nothing is written through it; `shared.prepared` refuses likewise."""
    looker = writer.execution_options(isolation_level="AUTOCOMMIT", postgresql_readonly=True)

    def refuse(_: Connection, statement: Any, *__: Any) -> None:
        if not getattr(statement, "is_select", False):
            raise WriteWhileLooking

    event.listen(looker.sync_engine, "before_execute", refuse)
    return looker


def _ask_after_rest(engine: AsyncEngine, rested_seconds: float) -> None:
    """Ask a connection that has rested whether it is still there, before it is used: the server may have started anew.

    SQLAlchemy's pool_pre_ping asks at every use: three round trips (BEGIN, the question, ROLLBACK), more than most transactions here.
    """
    dialect = engine.dialect

    def rests(_: Any, record: ConnectionPoolEntry) -> None:
        record.info["rests_since"] = time.monotonic()

    def is_used(connection: Any, record: ConnectionPoolEntry, _: Any) -> None:
        since = record.info.get("rests_since")
        if since is None or time.monotonic() - since < rested_seconds:
            return
        try:
            dialect.do_ping(connection)
        except dialect.loaded_dbapi.Error as error:
            raise InvalidatePoolError from error

    event.listen(engine.sync_engine, "checkin", rests)
    event.listen(engine.sync_engine, "checkout", is_used)
