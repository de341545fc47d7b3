"""How much work the handling of a request is: in calls, which are as many on a busy machine as on an idle one, where its time is not.

CPU time of one request varies by a tenth of a millisecond and more where others use the machine; a query, or something that is opened, is
some hundred calls, each of which is counted.
"""

import sys
from collections.abc import Generator
from types import FrameType, coroutine
from typing import Any

from fastapi import FastAPI
from starlette.types import Receive, Scope, Send


class Counted:
    """An application, and how many calls its last request made, of Python's functions and of C's: those of the request's own task."""

    def __init__(self, app: FastAPI) -> None:
        self.app, self.state, self.calls = app, app.state, 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        self.calls = 0
        await self._stepped(scope, receive, send)

    @coroutine
    def _stepped(self, scope: Scope, receive: Receive, send: Send) -> Generator[Any, Any, None]:
        """Step by step, so that what other tasks do in between is not counted."""
        steps = self.app(scope, receive, send).__await__()
        given: Any = None
        fault: BaseException | None = None
        while True:
            sys.setprofile(self._count)
            try:
                waits_for = steps.send(given) if fault is None else steps.throw(fault)
            except StopIteration:
                return
            finally:
                sys.setprofile(None)
            given, fault = None, None
            try:
                given = yield waits_for
            except BaseException as error:
                fault = error

    def _count(self, frame: FrameType, event: str, _: object) -> None:
        if event in ("call", "c_call"):
            self.calls += 1
