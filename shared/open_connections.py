"""Connections that stay open from one short transaction to the next: taking one from the pool and giving it back costs more than most."""

import math
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.util import greenlet_spawn

Found = TypeVar("Found")


class Doubt:
    """When a connection of a store was last found broken: the server that ended it may have ended all that were open then."""

    def __init__(self) -> None:
        self.since = -math.inf

    def arises(self) -> None:
        """One was found broken now."""
        self.since = time.monotonic()


class OpenConnections:
    """At most so many of an engine's connections, taken out of its pool until `close`. With `most` 0, each transaction uses the pool.

    rested_seconds  after so long without use a connection is asked whether it is still there, before it is used: the server may have
                    started anew
    doubt           of the store, for all who keep connections to it: of several that a server has ended, one is found out by failing
    """

    def __init__(self, engine: AsyncEngine, *, most: int, rested_seconds: float = math.inf, doubt: Doubt | None = None) -> None:
        self._engine, self._most, self._rested_seconds = engine.sync_engine, most, rested_seconds
        self._doubt = Doubt() if doubt is None else doubt
        self._free: list[tuple[Connection, float]] = []
        self._is_over = False

    def transact(self, work: Callable[[Connection], Found]) -> Found:
        """Run `work` in one transaction: committed when it returns, rolled back if it raises. To be called in a greenlet."""
        connection = self._taken()
        is_committing = False
        try:
            with connection.begin():
                found = work(connection)
                is_committing = True
        except BaseException:
            if connection.invalidated:
                self._doubt.arises()
            if is_committing:
                # Whether it is still in its transaction, and holds its lock, nobody knows: SQLAlchemy does not roll back after a commit.
                connection.invalidate()
            raise
        else:
            return found
        finally:
            # INVARIANT: what is kept is not in a transaction, so it holds no lock and no snapshot.
            if not self._keeps(connection, is_idle=not connection.in_transaction()):
                connection.close()

    async def straight(self, ask: Callable[[Connection], Awaitable[Found]]) -> Found:
        """Run `ask`, which speaks to the driver itself, on a connection that no transaction is begun on. Not in a greenlet."""
        fresh = self._fresh()
        connection = await greenlet_spawn(self._taken) if fresh is None else fresh
        try:
            return await ask(connection)
        except DBAPIError:
            if connection.invalidated:  # by SQLAlchemy, which has looked whether it broke
                self._doubt.arises()
            raise
        except BaseException:
            connection.invalidate()  # whoever gave up left it at work
            raise
        finally:
            if not self._keeps(connection):
                await greenlet_spawn(connection.close)

    def _keeps(self, connection: Connection, *, is_idle: bool = True) -> bool:
        """Keep one that was at work, if it may be; what comes back once all is over is not given to a pool that nobody looks after."""
        if self._is_over and not connection.invalidated:
            connection.invalidate()
        if len(self._free) >= self._most or connection.invalidated or not is_idle:
            return False
        self._free.append((connection, time.monotonic()))
        return True

    def _fresh(self) -> Connection | None:
        """One that was used a moment ago."""
        if self._free and self._is_trusted(self._free[-1][1]):
            return self._free.pop()[0]
        return None

    def _is_trusted(self, rests_since: float) -> bool:
        """Without being asked."""
        return rests_since > self._doubt.since and time.monotonic() - rests_since < self._rested_seconds

    def _taken(self) -> Connection:
        while self._free:
            connection, rests_since = self._free.pop()
            if self._is_trusted(rests_since) or _is_there(connection):
                return connection
            connection.invalidate()
            connection.close()
        return self._engine.connect()

    async def end(self) -> None:
        """As `close`, and let go of what is at work once it comes back: the store is used no more."""
        self._is_over = True
        await self.close()

    async def close(self) -> None:
        """Give back what is not at work."""
        while self._free:
            await greenlet_spawn(self._free.pop()[0].close)


def _is_there(connection: Connection) -> bool:
    dialect = connection.dialect
    try:
        return bool(dialect.do_ping(connection.connection.dbapi_connection))  # type: ignore[arg-type]  # it is checked out
    except dialect.loaded_dbapi.Error:
        return False
