"""Waiting for what another process does: asked again and again, for so long and no longer."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from node.demo.narration import NotAsTold

Seen = TypeVar("Seen")


async def until(
    look: Callable[[], Awaitable[Seen]], holds: Callable[[Seen], bool], *, what: str, seconds: float = 30.0, every: float = 0.1
) -> Seen:
    """What `look` sees once `holds` is true of it. Raises NotAsTold after `seconds`."""
    ends = time.monotonic() + seconds
    while True:
        seen = await look()
        if holds(seen):
            return seen
        if time.monotonic() > ends:
            raise NotAsTold(f"{what}: not within {seconds:.0f} s")
        await asyncio.sleep(every)
