"""Connections that stay open from one short transaction to the next: taking one from the pool and giving it back costs more than most."""

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.util import greenlet_spawn

Found = TypeVar("Found")


class OpenConnections:
    """At most so many of an engine's connections, taken out of its pool until `close`. With `most` 0, each transaction uses the pool."""

    def __init__(self, engine: AsyncEngine, *, most: int) -> None:
        self._engine, self._most = engine.sync_engine, most
        self._free: list[Connection] = []

    def transact(self, work: Callable[[Connection], Found]) -> Found:
        """Run `work` in one transaction: committed when it returns, rolled back if it raises. To be called in a greenlet."""
        connection = self._free.pop() if self._free else self._engine.connect()
        is_committing = False
        try:
            with connection.begin():
                found = work(connection)
                is_committing = True
        except BaseException:
            if is_committing:
                # Whether it is still in its transaction, and holds its lock, nobody knows: SQLAlchemy does not roll back after a commit.
                connection.invalidate()
            raise
        else:
            return found
        finally:
            # INVARIANT: what is kept is not in a transaction, so it holds no lock and no snapshot.
            if len(self._free) < self._most and not connection.invalidated and not connection.in_transaction():
                self._free.append(connection)
            else:
                connection.close()

    async def close(self) -> None:
        """Give back what is not at work."""
        while self._free:
            await greenlet_spawn(self._free.pop().close)
