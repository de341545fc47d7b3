"""Transactions on SQLite and PostgreSQL that lose nothing. Only this file commits.

SQLite's default set-up in SQLAlchemy loses concurrent updates silently; here a writing transaction begins with BEGIN IMMEDIATE, one at a
time for each file, and reading ones have a read-only engine of their own.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from contextvars import ContextVar
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Request
from sqlalchemy import Connection, Select
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker
from sqlalchemy.sql import ClauseElement
from sqlalchemy.util import greenlet_spawn

from shared import all_or_none, prepared, straight
from shared.disk import Disk
from shared.engines import KEPT_READERS, KEPT_WRITERS, WAIT_SECONDS, looker_of, postgresql_engine, sqlite_engines
from shared.keys import read_secret
from shared.open_connections import Doubt, OpenConnections
from shared.prepared import Change, Values, WriteWhileLooking
from shared.seen_together import Question, Seen, seen
from shared.settings import ServiceSettings

Found = TypeVar("Found")

KEPT_OF_A_KIND, LARGE_POOL = 1, 8
"""Of PostgreSQL: for writing, for reading, for one statement, for one question, where the pool has enough for others beside them."""
RESTED_SECONDS = 1.0
"""After so long without use a connection of PostgreSQL is asked whether it is still there."""

_in_transaction: ContextVar[bool] = ContextVar("_in_transaction", default=False)


class NetworkCallInTransaction(RuntimeError):
    """A call to another process was about to be made while a transaction was open: it would hold locks for as long as the other likes."""


def refuse_network_call_in_transaction() -> None:
    """Called before every call to another process. Raises NetworkCallInTransaction."""
    if _in_transaction.get():
        raise NetworkCallInTransaction


class Database:
    """One service's store. `transaction()` writes, `reading()` reads; nothing else touches the engine."""

    def __init__(self, url: URL | str, *, schema: str | None = None, pool_size: int = 10, rested_seconds: float = RESTED_SECONDS) -> None:
        self.url = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.disk = Disk()
        if self.is_sqlite:
            self._writer, self._reader = sqlite_engines(self.url)
            self.disk.watch(self._writer.sync_engine)
            self._writing = self._alone = OpenConnections(self._writer, most=KEPT_WRITERS)
            self._readings = self._lookings = OpenConnections(self._reader, most=KEPT_READERS)
        else:
            self._writer = postgresql_engine(self.url, schema, pool_size, rested_seconds)
            # READ COMMITTED would give each statement a snapshot of its own
            self._reader = self._writer.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            kept = KEPT_OF_A_KIND if pool_size >= LARGE_POOL else 0
            alone = self._writer.execution_options(isolation_level="AUTOCOMMIT")
            doubt = Doubt()
            self._writing, self._readings, self._alone, self._lookings = (
                OpenConnections(engine, most=kept, rested_seconds=rested_seconds, doubt=doubt)
                for engine in (self._writer, self._reader, alone, looker_of(self._writer))
            )
        self._turn: AbstractAsyncContextManager[None] = _Turn() if self.is_sqlite else nullcontext()
        self._write_sessions = async_sessionmaker(self._writer, expire_on_commit=False, autobegin=True)
        self._read_sessions = async_sessionmaker(self._reader, expire_on_commit=False)

    @classmethod
    def of(cls, settings: ServiceSettings) -> "Database":
        """The store that `settings` name."""
        return cls(database_url(settings), schema=settings.database_schema, pool_size=settings.database_pool_size)

    @property
    def dialect(self) -> str:
        """Its name: `sqlite` or `postgresql`."""
        return self._writer.dialect.name

    @property
    def engine(self) -> AsyncEngine:
        """The writing engine, for a service's hot path that speaks to the driver itself."""
        return self._writer

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """A writing transaction: committed when the block ends, rolled back if it raises. Callbacks of `after_commit` run then."""
        self.disk.require()
        async with self._write_sessions() as session:
            async with self._turn:
                token = _in_transaction.set(True)
                try:
                    async with session.begin():
                        yield session
                finally:
                    _reset(token)
            for callback in session.info.pop("after_commit", ()):
                await callback()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """A reading transaction: one snapshot, nothing written."""
        async with self._read_sessions() as session:
            token = _in_transaction.set(True)
            try:
                async with session.begin():
                    yield session
            finally:
                _reset(token)

    async def read(self, ask: Callable[[Connection], Found]) -> Found:
        """What `ask` makes of one snapshot, for a hot path.

        `ask` speaks to the synchronous connection, in one greenlet from BEGIN to the end: a session costs 0.5 ms more, and switches for
        every statement.
        """
        return await _in_one_go(self._readings, ask)

    async def look(self, ask: Callable[[Connection], Found]) -> Found:
        """As `read`, for one question, or for several that need not agree: each has a snapshot of its own.

        On PostgreSQL nothing begins or ends around it: one round trip instead of three.
        """
        return await _in_one_go(self._lookings, ask)

    async def find(self, statement: Select[*tuple[Any, ...]], values: Values) -> list[Any]:
        """What one query finds (`prepared.rows`): on PostgreSQL asked of the driver itself. Raises WriteWhileLooking."""
        if not isinstance(statement, Select):  # a text may be anything
            raise WriteWhileLooking
        if not self.is_sqlite:
            return await straight.rows(self._lookings, statement, values)
        return await _in_one_go(self._lookings, lambda connection: prepared.rows(connection, statement, values))

    async def see(self, questions: Sequence[Question]) -> Seen | None:
        """What several questions find in one snapshot, by one round trip; None on SQLite, where a transaction asks nobody else."""
        return None if self.is_sqlite else await seen(self._lookings, questions)

    async def write(self, change: Callable[[Connection], Found]) -> Found:
        """As `read`, in a writing transaction: committed when `change` returns, rolled back if it raises."""
        async with self._turn:
            self.disk.require()
            return await _in_one_go(self._writing, change)

    async def write_alone(self, statement: ClauseElement, values: Values) -> list[Any]:
        """What one writing statement gives (RETURNING), committed: on PostgreSQL in one round trip instead of three."""
        async with self._turn:
            self.disk.require()
            if not self.is_sqlite:
                return await straight.rows(self._alone, statement, values)
            return await _in_one_go(self._alone, lambda connection: prepared.rows(connection, statement, values))

    async def write_text(self, text: str, values: Sequence[Any]) -> list[Any]:
        """As `write_alone`, of a text of PostgreSQL's own for a hot path: values and records as its driver has them."""
        self.disk.require()
        return await straight.records(self._alone, text, values)

    async def write_together(self, changes: Sequence[Change]) -> list[int]:
        """`prepared.together`, committed: on PostgreSQL one round trip for all of it."""
        async with self._turn:
            self.disk.require()
            if not self.is_sqlite:
                return await straight.together(self._alone, changes)
            return await _in_one_go(self._alone, lambda connection: prepared.together(connection, changes))

    async def write_all_or_none(self, changes: Sequence[Change], beside: Sequence[Change] = ()) -> bool:
        """Run changes, none of a row that another one is of, where each of `changes` is of one row; committed, in one round trip.

        False, and nothing is changed, where one is not, or is at odds with what is stored. `beside`: of any number of rows.
        """
        async with self._turn:
            self.disk.require()
            try:
                if self.is_sqlite:
                    await _in_one_go(self._alone, lambda connection: all_or_none.make(connection, changes, beside))
                else:
                    await all_or_none.make_straight(self._alone, changes, beside)
            except (all_or_none.NotOfOneRow, IntegrityError):
                return False
            return True

    async def run_or_nothing(self, text: str, values: Sequence[Any]) -> bool:
        """A text of PostgreSQL's that ends by `all_or_none.only_if`, committed. False, and nothing is changed, where that fails it."""
        self.disk.require()
        try:
            await all_or_none.run_straight(self._alone, text, values)
        except all_or_none.NotOfOneRow:
            return False
        return True

    async def reopen(self) -> None:
        """Let go of every writing connection: after an error of the disk its file handle is not to be believed any more."""
        await self._writing.close()
        await self._writer.dispose()

    async def close(self) -> None:
        """Close every connection. The writer last: on SQLite the last one folds the write-ahead log into the file, if it may write."""
        for connections in (self._readings, self._lookings, self._writing, self._alone):
            await connections.end()
        if self._reader is not self._writer:
            await self._reader.dispose()
        await self._writer.dispose()


class _Turn:
    """Writers of one SQLite file go in the order in which they came.

    Without turns, who asks again at once is served before who waits, until the pool's timeout (tests/privacy/test_races.py).
    """

    def __init__(self) -> None:
        self._lock = asyncio.Lock()

    async def __aenter__(self) -> None:
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                await self._lock.acquire()
        except TimeoutError as error:
            raise PoolTimeout from error

    async def __aexit__(self, *_: object) -> None:
        self._lock.release()


async def _in_one_go(connections: OpenConnections, work: Callable[[Connection], Found]) -> Found:
    token = _in_transaction.set(True)
    try:
        return await greenlet_spawn(connections.transact, work)
    finally:
        _reset(token)


def _reset(token: Any) -> None:
    try:
        _in_transaction.reset(token)
    except ValueError:  # an abandoned generator is closed in another context; that context never had it set
        _in_transaction.set(False)


def after_commit(session: AsyncSession, callback: Callable[[], Awaitable[None]]) -> None:
    """Run `callback` once `session`'s transaction has committed, and only then."""
    session.info.setdefault("after_commit", []).append(callback)


def database_url(settings: ServiceSettings) -> URL:
    """The URL with the password of the password file."""
    url = make_url(settings.database_url)
    if settings.database_password_file is not None:
        url = url.set(
            password=read_secret(settings.database_password_file, named_by="SAFE_PASSAGE_DATABASE_PASSWORD_FILE").decode().strip()
        )
    return url


async def _transaction(request: Request) -> AsyncIterator[AsyncSession]:
    database: Database = request.app.state.database
    async with database.transaction() as session:
        yield session


async def _reading(request: Request) -> AsyncIterator[AsyncSession]:
    database: Database = request.app.state.database
    async with database.reading() as session:
        yield session


# INVARIANT: scope="function" commits before the first response byte, so a 2xx is never a lie.
Transaction = Annotated[AsyncSession, Depends(_transaction, scope="function")]
ReadOnly = Annotated[AsyncSession, Depends(_reading, scope="function")]
