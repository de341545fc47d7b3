"""Somebody at a node's address who counts the connections that are opened to it, and closes each at once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from tests.records.exchange.two_states import State, TwoStates


class Listener:
    """What was heard."""

    def __init__(self) -> None:
        self.connections = 0

    async def heard(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """A connection."""
        self.connections += 1
        writer.close()


@asynccontextmanager
async def away(state: State) -> AsyncIterator[Listener]:
    """The node cannot be called, and somebody counts who knocks at its address. Afterwards it can be again."""
    file = state.folder.file
    await state.sleep()
    listener = Listener()
    try:
        async with await asyncio.start_server(listener.heard, file.host, file.port):
            yield listener
    finally:
        await state.wake()


def birch_away(states: TwoStates) -> AbstractAsyncContextManager[Listener]:
    """Birch's node is down."""
    return away(states.birch)
