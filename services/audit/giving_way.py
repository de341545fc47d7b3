"""What works behind the log gives way to those who wait for an append: it is behind the log, and never in its way."""

import asyncio
from typing import Final

RESTS: Final = 2.0
"""While appends wait, work rests so many times as long as it has worked."""


async def give_way(began: float, *, is_busy: bool, rests: float = RESTS) -> None:
    """Let others have their turn after a piece of work, and while somebody waits rest.

    began  when the piece began, by the loop's clock
    rests  so many times as long as it took
    """
    worked = asyncio.get_running_loop().time() - began
    await asyncio.sleep(worked * rests if is_busy else 0)
