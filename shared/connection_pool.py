"""The connections of a process to one service: kept for the next request, bounded in number, encrypted where the address says so."""

import asyncio
import ssl
from contextlib import suppress
from typing import Final
from urllib.parse import urlsplit

from shared.service_connection import AnswerBroken, NotConnected, ServiceConnection

CONNECT_SECONDS: Final = 1.0
"""Inside a node a service is near: one that takes longer is away."""
CONNECTIONS: Final = 256
KEPT_SECONDS: Final = 15.0
"""An idle connection is closed here long before the service closes it (node.server): neither sends what the other will not hear."""


class ConnectionPool:
    """Of one service."""

    def __init__(
        self, url: str, certificates: ssl.SSLContext, *, most: int = CONNECTIONS, connect_seconds: float = CONNECT_SECONDS
    ) -> None:
        parts = urlsplit(url)
        self.authority, self.prefix = parts.netloc, parts.path.rstrip("/")
        self._host, self._port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
        self._certificates = certificates if parts.scheme == "https" else None
        self._connect_seconds = connect_seconds
        self._slots, self._idle = asyncio.Semaphore(most), list[ServiceConnection]()
        self._taken = set[ServiceConnection]()

    @property
    def taken(self) -> int:
        """How many connections carry a request now."""
        return len(self._taken)

    async def take(self, deadline: float) -> ServiceConnection:
        """A connection that carries nothing. `deadline`: of the loop's clock. Raises NotConnected, TimeoutError."""
        if self._slots.locked():
            async with asyncio.timeout_at(deadline):
                await self._slots.acquire()
        else:
            await self._slots.acquire()
        try:
            connection = self._kept() or await self._connected()
        except BaseException:
            self._slots.release()
            raise
        self._taken.add(connection)
        return connection

    def give_back(self, connection: ServiceConnection) -> None:
        """The request is over."""
        if connection.end():
            self._idle.append(connection)
        self._taken.discard(connection)
        self._slots.release()

    async def close(self) -> None:
        """Close all of them."""
        for connection in [*self._idle, *self._taken]:
            connection.abort(AnswerBroken())

    def _kept(self) -> ServiceConnection | None:
        """The one that was used last; those that were not used for long are closed."""
        oldest = asyncio.get_running_loop().time() - KEPT_SECONDS
        while self._idle:
            connection = self._idle.pop()
            if connection.is_open and connection.idle_since > oldest:
                return connection
            connection.abort(AnswerBroken())
        return None

    async def _connected(self) -> ServiceConnection:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._connect_seconds):
                made = await loop.create_connection(lambda: ServiceConnection(self._lost), self._host, self._port, ssl=self._certificates)
        except (OSError, TimeoutError) as error:
            raise NotConnected from error
        return made[1]

    def _lost(self, connection: ServiceConnection) -> None:
        with suppress(ValueError):
            self._idle.remove(connection)
