"""A way to a PostgreSQL server that can be cut: then it is not there, as far as who goes by it can tell."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from sqlalchemy import make_url


class Relay:
    """Hands on what comes, both ways."""

    def __init__(self, host: str, port: int) -> None:
        self._to = (host, port)
        self._ends: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None

    async def open(self) -> int:
        """The port to connect to."""
        self._server = await asyncio.start_server(self._come, "127.0.0.1", 0)
        return int(self._server.sockets[0].getsockname()[1])

    async def cut(self) -> None:
        """End what goes on; nobody connects any more."""
        if self._server is not None:
            self._server.close()
            for one in self._ends:
                one.transport.abort()
            await self._server.wait_closed()

    async def _come(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(*self._to)
        self._ends |= {writer, back}
        await asyncio.gather(_hand_on(reader, back), _hand_on(there, writer))


async def _hand_on(source: asyncio.StreamReader, to: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while part := await source.read(65_536):
            to.write(part)
            await to.drain()
    to.close()


@asynccontextmanager
async def relayed(url: str) -> AsyncIterator[tuple[str, Relay]]:
    """The URL of the same database by way of a relay."""
    server = make_url(url)
    relay = Relay(server.host or "127.0.0.1", server.port or 5432)
    port = await relay.open()
    try:
        yield server.set(host="127.0.0.1", port=port).render_as_string(hide_password=False), relay
    finally:
        await relay.cut()
