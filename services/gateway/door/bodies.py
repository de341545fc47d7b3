"""Reading a request's body from the server: bounded, and not for as long as a slow sender likes."""

import asyncio
from collections.abc import AsyncIterator
from math import inf
from typing import Final

from starlette.types import Message, Receive

from safepassage.problems.requests import BodyTooLarge

IDLE_SECONDS: Final = 15.0
"""No pause of a sender is longer."""
LEAST_BYTES_PER_SECOND: Final = 4096
"""Of a sender, on average, once that pause was made use of: who sends a byte now and then is not waited for either."""


class CallerGone(Exception):
    """The caller closed the connection; nobody waits for an answer."""


class CallerTooSlow(ConnectionAbortedError):
    """An answer has begun that its caller does not take, or whose request they do not end, in its time: it is broken off."""


async def chunks(receive: Receive, *, limit: int, until: float = inf) -> AsyncIterator[bytes]:
    """The body as it comes. Raises BodyTooLarge as soon as it is longer than `limit`, CallerGone, TimeoutError: also at `until`, of the
    loop's clock.

    INVARIANT: a body of some length is waited for so long and no longer, however it is cut up. What whoever takes it needs is not counted.
    """
    received, waited = 0, 0.0
    seconds = asyncio.get_running_loop().time
    while True:
        began = seconds()
        async with asyncio.timeout(min(IDLE_SECONDS, IDLE_SECONDS + received / LEAST_BYTES_PER_SECOND - waited, until - began)):
            message = await receive()
        waited += seconds() - began
        if message["type"] == "http.disconnect":
            raise CallerGone
        chunk: bytes = message.get("body", b"")
        received += len(chunk)
        if received > limit:
            raise BodyTooLarge
        if chunk:
            yield chunk
        if not message.get("more_body", False):
            return


async def whole(receive: Receive, *, limit: int, until: float = inf) -> bytes:
    """The whole body. Raises as `chunks`."""
    return b"".join([chunk async for chunk in chunks(receive, limit=limit, until=until)])


def replay(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives `body` first, then goes on with the server's (the disconnect)."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again
