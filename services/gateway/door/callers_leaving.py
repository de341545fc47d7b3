"""A caller who leaves: what is done for them stops. Most answers are there before it is worth looking for who left."""

import asyncio
from typing import Final

from starlette.types import Receive

from services.gateway.door.bodies import CallerGone

LOOKED_FOR_AFTER: Final = 0.05
"""Seconds. A task that waits beside each request would cost a quarter of what it is to be forwarded."""


class CallersLeaving:
    """Those whose answer is waited for, in the order in which they came: one timer for all of them."""

    def __init__(self) -> None:
        self._waiting: dict[StoppedWhenLeft, float] = {}
        """From when on each is looked for, of the loop's clock."""
        self._timer: asyncio.TimerHandle | None = None

    def stopped(self, receive: Receive, sent: asyncio.Event) -> "StoppedWhenLeft":
        """A block that is cancelled when the caller has left, and CallerGone raised.

        receive  of the server; nobody else receives once `sent` is set, which says that the body is through
        """
        return StoppedWhenLeft(self, receive, sent)

    def enter(self, one: "StoppedWhenLeft") -> None:
        """It is looked for in a moment."""
        loop = asyncio.get_running_loop()
        self._waiting[one] = at = loop.time() + LOOKED_FOR_AFTER
        if self._timer is None:
            self._timer = loop.call_at(at, self._begin)

    def leave(self, one: "StoppedWhenLeft") -> None:
        """It is looked for no more."""
        self._waiting.pop(one, None)

    def _begin(self) -> None:
        loop = asyncio.get_running_loop()
        for one, at in [*self._waiting.items()]:
            if at > loop.time():
                self._timer = loop.call_at(at, self._begin)
                return
            del self._waiting[one]
            one.begin()
        self._timer = None


class StoppedWhenLeft:
    """The block (CallersLeaving.stopped)."""

    def __init__(self, callers: CallersLeaving, receive: Receive, sent: asyncio.Event) -> None:
        self._callers, self._receive, self._sent = callers, receive, sent
        self._task: asyncio.Task[None] | None = None
        self._left = False

    async def __aenter__(self) -> None:
        doing = asyncio.current_task()
        if doing is None:
            raise RuntimeError("a request is handled by a task")
        self._doing = doing
        self._callers.enter(self)

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._callers.leave(self)
        if self._task is not None:
            # No more cancels from here.
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if kind is asyncio.CancelledError and self._left and self._doing.uncancel() == 0:
            raise CallerGone from None

    def begin(self) -> None:
        """Look for them from now on."""
        self._task = asyncio.create_task(self._look())

    async def _look(self) -> None:
        await self._sent.wait()
        while (await self._receive())["type"] != "http.disconnect":
            pass
        # INVARIANT: the task is inside the block: it ends this one before it goes on.
        self._left = True
        self._doing.cancel()
