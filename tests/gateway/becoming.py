"""Waiting for what a process of its own accord does, of which no event tells."""

import asyncio
from collections.abc import Awaitable, Callable
from inspect import isawaitable
from typing import Final

WITHIN_SECONDS: Final = 5.0
LOOKED_EACH_SECONDS: Final = 0.01


async def becomes(true: Callable[[], bool | Awaitable[bool]]) -> None:
    """Wait until it is so. Raises TimeoutError."""
    async with asyncio.timeout(WITHIN_SECONDS):
        while not await _is(true):  # noqa: ASYNC110 there is no event: it is looked for
            await asyncio.sleep(LOOKED_EACH_SECONDS)


async def _is(true: Callable[[], bool | Awaitable[bool]]) -> bool:
    found = true()
    return await found if isawaitable(found) else found
