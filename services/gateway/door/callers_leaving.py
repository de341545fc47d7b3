"""A caller who leaves: what is done for them stops. Most answers are there before it is worth looking for who left."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from starlette.types import Receive

from services.gateway.door.bodies import CallerGone

LOOKED_FOR_AFTER: Final = 0.05
"""Seconds. A task that waits beside each request would cost a quarter of what it is to be forwarded."""


@asynccontextmanager
async def stopped_when_left(receive: Receive, sent: asyncio.Event) -> AsyncIterator[None]:
    """The block is cancelled when the caller has left, and CallerGone raised.

    receive  of the server; nobody else receives once `sent` is set, which says that the body is through
    """
    doing = asyncio.current_task()
    if doing is None:
        raise RuntimeError("a request is handled by a task")
    watch = _Watch(doing, receive, sent)
    begins = asyncio.get_running_loop().call_later(LOOKED_FOR_AFTER, watch.begin)
    try:
        yield
    except asyncio.CancelledError:
        if watch.left and doing.uncancel() == 0:
            raise CallerGone from None
        raise
    finally:
        begins.cancel()
        await watch.end()


class _Watch:
    def __init__(self, doing: "asyncio.Task[object]", receive: Receive, sent: asyncio.Event) -> None:
        self._doing, self._receive, self._sent = doing, receive, sent
        self._task: asyncio.Task[None] | None = None
        self.left = False

    def begin(self) -> None:
        self._task = asyncio.create_task(self._look())

    async def _look(self) -> None:
        await self._sent.wait()
        while (await self._receive())["type"] != "http.disconnect":
            pass
        # INVARIANT: the task is inside the block: it ends this one before it goes on.
        self.left = True
        self._doing.cancel()

    async def end(self) -> None:
        """No more cancels from here."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
