"""The malware scanner: a ClamAV daemon, spoken to by its own protocol (clamd(8): INSTREAM), a content as it comes.

The daemon is trusted with the content of documents, which it sees in clear, and with its word on them: whoever controls it can read and
pass what is sent to it. It holds no key, and is told of no student.
"""

import asyncio
from contextlib import suppress
from types import TracebackType
from typing import Final, Self

from safepassage.problems.attachments import AttachmentInfected, ScannerNotConfigured, ScannerUnavailable

PIECE_BYTES: Final = 256 * 1024
CONNECT_SECONDS: Final = 5.0
PIECE_SECONDS: Final = 30.0
VERDICT_SECONDS: Final = 300.0
LONGEST_REPLY: Final = 4096


class Scanner:
    """The daemon of a node."""

    def __init__(self, address: str | None) -> None:
        """`unix:/path` or `tcp://host:port`; None: the node has none."""
        self._address = address

    def require_configured(self) -> None:
        """Raises ScannerNotConfigured."""
        if self._address is None:
            raise ScannerNotConfigured

    def scan(self) -> "Scan":
        """The scan of one content. Raises ScannerNotConfigured."""
        if self._address is None:
            raise ScannerNotConfigured
        return Scan(self._address)


class Scan:
    """A content on its way through the daemon: `async with`, `feed` each part, then `require_clean`.

    INVARIANT: nothing but the daemon's own "OK" for the whole of it counts as clean.
    """

    def __init__(self, address: str) -> None:
        self._address = address

    async def __aenter__(self) -> Self:
        """Raises ScannerUnavailable where nobody listens."""
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                self._reader, self._writer = await self._connect()
                self._writer.write(b"zINSTREAM\0")
                await self._writer.drain()
        except (OSError, TimeoutError) as error:
            raise ScannerUnavailable from error
        return self

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._address.startswith("unix:"):
            return await asyncio.open_unix_connection(self._address.removeprefix("unix:"))
        host, _, port = self._address.removeprefix("tcp://").rpartition(":")
        return await asyncio.open_connection(host.strip("[]"), int(port))

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._writer.close()
        with suppress(OSError):
            await self._writer.wait_closed()

    async def feed(self, content: bytes) -> None:
        """The next part. Raises ScannerUnavailable; AttachmentInfected where the daemon says so before the end."""
        for start in range(0, len(content), PIECE_BYTES):
            await self._send(content[start : start + PIECE_BYTES])

    async def require_clean(self) -> None:
        """The end of the content, and the daemon's verdict. Raises AttachmentInfected, ScannerUnavailable."""
        await self._send(b"")
        _read(await self._reply())

    async def _send(self, piece: bytes) -> None:
        """An empty piece ends the stream."""
        try:
            async with asyncio.timeout(PIECE_SECONDS):
                self._writer.write(len(piece).to_bytes(4, "big") + piece)
                await self._writer.drain()
        except TimeoutError as error:
            raise ScannerUnavailable from error
        except OSError:
            _read(await self._reply())  # it closes the connection once it has made up its mind
            raise ScannerUnavailable("it stopped before the end of the file") from None

    async def _reply(self) -> bytes:
        try:
            async with asyncio.timeout(VERDICT_SECONDS):
                return (await self._reader.readuntil(b"\0"))[:LONGEST_REPLY]
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
            raise ScannerUnavailable from error


def _read(reply: bytes) -> None:
    """`stream: OK`, `stream: <signature> FOUND`, or an error."""
    text = reply.rstrip(b"\0\n")
    if text == b"stream: OK":
        return
    if text.startswith(b"stream: ") and text.endswith(b" FOUND"):
        raise AttachmentInfected
    if text.startswith(b"INSTREAM size limit exceeded"):
        raise ScannerUnavailable("the file is longer than the daemon's StreamMaxLength")
    raise ScannerUnavailable("the daemon answers with an error")
