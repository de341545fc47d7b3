"""Octets over TLS to a receiver that proves at the end that it has read them: the closing of RFC 5425 section 4.4.

A syslog receiver never answers. What TCP has taken may lie in a buffer of a process that dies. But whoever answers our close_notify with
its own has read everything before it, and nobody on the way can forge that.
"""

import asyncio
import socket
import ssl
from collections.abc import Callable
from typing import Final

READ_BYTES: Final = 16_384


class NotConfirmed(Exception):
    """The connection ended, and the receiver did not say that it has read everything."""


async def send_over_tls(made: socket.socket, octets: bytes, *, certificates: ssl.SSLContext, host: str, end_confirms: bool = False) -> None:
    """Send it all over a connected socket, which the caller closes. Raises ssl.SSLError, OSError, NotConfirmed.

    end_confirms  that the other side ends the connection after our close_notify is enough: a process that had not read all of it would have
                  it reset
    """
    stream = _Stream(made, certificates, host)
    await stream.step(stream.tls.do_handshake)
    await stream.step(lambda: stream.tls.write(octets))
    try:
        await stream.step(stream.tls.unwrap)
    except NotConfirmed:
        if not end_confirms:
            raise
    except OSError as error:
        raise NotConfirmed from error


async def send_in_clear(made: socket.socket, octets: bytes) -> None:
    """The same without TLS: the other side closes in turn."""
    loop = asyncio.get_running_loop()
    await loop.sock_sendall(made, octets)
    made.shutdown(socket.SHUT_WR)
    try:
        while await loop.sock_recv(made, READ_BYTES):
            pass
    except OSError as error:
        raise NotConfirmed from error


class _Stream:
    """TLS by hand over a socket: asyncio's own hides how a connection was closed."""

    def __init__(self, made: socket.socket, certificates: ssl.SSLContext, host: str) -> None:
        self._socket, self._loop = made, asyncio.get_running_loop()
        self._coming, self._going = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = certificates.wrap_bio(self._coming, self._going, server_hostname=host)

    async def step(self, work: Callable[[], object]) -> None:
        """Do `work`, with as many octets to and fro as it takes. Raises NotConfirmed."""
        while True:
            try:
                work()
            except ssl.SSLWantReadError:
                await self._flush()
                came = await self._loop.sock_recv(self._socket, READ_BYTES)
                if not came:
                    raise NotConfirmed from None
                self._coming.write(came)
            except ssl.SSLError:
                await self._flush()  # the alert that says why
                raise
            else:
                await self._flush()
                return

    async def _flush(self) -> None:
        if self._going.pending:
            await self._loop.sock_sendall(self._socket, self._going.read())
