"""Somebody at a node's address who counts the connections that are opened to it, and closes each at once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.records.exchange.two_states import TwoStates


class Listener:
    """What was heard."""

    def __init__(self) -> None:
        self.connections = 0

    async def heard(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """A connection."""
        self.connections += 1
        writer.close()


@asynccontextmanager
async def birch_away(states: TwoStates) -> AsyncIterator[Listener]:
    """Birch's node is down, and somebody counts who knocks at its address. Afterwards it is up again."""
    file = states.birch.folder.file
    await states.birch.sleep()
    listener = Listener()
    async with await asyncio.start_server(listener.heard, file.host, file.port):
        yield listener
    await states.birch.wake()
