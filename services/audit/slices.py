"""Long work in slices, each so short that who asks meanwhile does not notice it, and with a longer rest behind it.

A page takes some turns of the event loop until it is answered. Work that only lets the others have their turn has one of its own between
any two of theirs, and a page then takes so many pieces of it longer; work that rests has one in a page, or two.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeVar

Thing = TypeVar("Thing")
Found = TypeVar("Found")
Rest = Callable[[float], Awaitable[None]]

SLICE_SECONDS: Final = 0.01
RESTS: Final = 3.0
"""How long is rested, in times of what was worked: a quarter of a core is the most that such work takes from those who wait."""
FIRST_SIZE, MOST_SIZE = 4, 200


def fitting(size: int, *, done: int, seconds: float) -> int:
    """How many things the next slice has, where the last one was to have `size` and did `done` in so many seconds. Pure."""
    return max(min(int(done * SLICE_SECONDS / max(seconds, 1e-6)), 2 * size, MOST_SIZE), 1)


class Slices:
    """Work of one kind: how much of it fits into a slice is learned by doing it."""

    def __init__(self, rest: Rest = asyncio.sleep) -> None:
        self._rest, self._size = rest, FIRST_SIZE

    async def over(self, things: Sequence[Thing], work: Callable[[Sequence[Thing]], Awaitable[list[Found]]]) -> list[Found]:
        """What `work` gives of all things, of some at a time. Nothing is held while it rests."""
        loop, found, at = asyncio.get_running_loop(), list[Found](), 0
        while at < len(things):
            some, began = things[at : at + self._size], loop.time()
            found += await work(some)
            self._size = fitting(self._size, done=len(some), seconds=loop.time() - began)
            at += len(some)
            await self.rest(began)
        return found

    async def rest(self, began: float) -> None:
        """Rest after a piece of work that began then, by the loop's clock."""
        await self._rest((asyncio.get_running_loop().time() - began) * RESTS)
