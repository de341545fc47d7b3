"""A caller who leaves: what is done for them stops. Most answers are there before it is worth looking for who left."""

import asyncio
from typing import Final

from starlette.types import Receive

from services.gateway.door.bodies import CallerGone

LOOKED_FOR_AFTER: Final = 0.05
"""Seconds. A task that waits beside each request would cost a quarter of what it is to be forwarded."""


class StoppedWhenLeft:
    """The block is cancelled when the caller has left, and CallerGone raised.

    receive  of the server; nobody else receives once `sent` is set, which says that the body is through
    """

    def __init__(self, receive: Receive, sent: asyncio.Event) -> None:
        self._receive, self._sent = receive, sent
        self._task: asyncio.Task[None] | None = None
        self._left = False

    async def __aenter__(self) -> None:
        doing = asyncio.current_task()
        if doing is None:
            raise RuntimeError("a request is handled by a task")
        self._doing = doing
        self._begins = asyncio.get_running_loop().call_later(LOOKED_FOR_AFTER, self._begin)

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._begins.cancel()
        if self._task is not None:
            # No more cancels from here.
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if kind is asyncio.CancelledError and self._left and self._doing.uncancel() == 0:
            raise CallerGone from None

    def _begin(self) -> None:
        self._task = asyncio.create_task(self._look())

    async def _look(self) -> None:
        await self._sent.wait()
        while (await self._receive())["type"] != "http.disconnect":
            pass
        # INVARIANT: the task is inside the block: it ends this one before it goes on.
        self._left = True
        self._doing.cancel()
