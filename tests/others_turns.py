"""How often others had a turn while something long was done."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager


@asynccontextmanager
async def turns_of_others() -> AsyncIterator[Callable[[], int]]:
    """Gives the number so far."""
    had = 0

    async def wait() -> None:
        nonlocal had
        while True:
            await asyncio.sleep(0)
            had += 1

    waiting = asyncio.create_task(wait())
    await asyncio.sleep(0)  # it begins
    yield lambda: had
    waiting.cancel()
