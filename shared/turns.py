"""Long work in turns: what is made of many things in memory does not keep the others of the process waiting until all of it is made."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from typing import Final, TypeVar

Item = TypeVar("Item")

AT_ONCE: Final = 50
"""Things in one go, of which each takes a tenth of a millisecond or two."""


async def in_turns(items: Iterable[Item], *, at_once: int = AT_ONCE) -> AsyncIterator[Item]:
    """Each of the items in their order. After every `at_once` of them whoever else waits for the loop has a turn."""
    for place, item in enumerate(items, start=1):
        yield item
        if place % at_once == 0:
            await asyncio.sleep(0)
