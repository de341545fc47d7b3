"""Exchanges that are written at the same moment share one commit: with a disk that takes a moment to be sure, that is most of the speed."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from shared.database import Database

T = TypeVar("T")
Write = Callable[[AsyncSession], Awaitable[T]]
"""Reads and writes in the session that it is given, and nothing else: it may run twice, the second time in a transaction of its own."""

LARGEST = 64


class GroupCommit:
    """Writes of one process, a transaction for all that are waiting. What one writes the next one sees; none is told before the commit."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: list[tuple[Write[Any], asyncio.Future[Any]]] = []
        self._task: asyncio.Task[None] | None = None

    async def __call__(self, write: Write[T]) -> T:
        """Run `write` and give its result once it is committed. What it raises is raised here, and nothing of it is stored."""
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append((write, future))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._commit_waiting())
        return await future

    async def _commit_waiting(self) -> None:
        while self._waiting:
            group, self._waiting = self._waiting[:LARGEST], self._waiting[LARGEST:]
            try:
                await self._together(group)
            except Exception:
                # INVARIANT: one write that fails takes no other with it.
                await self._one_by_one(group)

    async def _together(self, group: list[tuple[Write[Any], asyncio.Future[Any]]]) -> None:
        results = []
        async with self._database.transaction() as tx:
            for write, _ in group:
                results.append(await write(tx))
                await tx.flush()
        for (_, future), result in zip(group, results, strict=True):
            if not future.done():
                future.set_result(result)

    async def _one_by_one(self, group: list[tuple[Write[Any], asyncio.Future[Any]]]) -> None:
        for write, future in group:
            try:
                async with self._database.transaction() as tx:
                    result = await write(tx)
            except Exception as error:
                if not future.done():
                    future.set_exception(error)
            else:
                if not future.done():
                    future.set_result(result)
