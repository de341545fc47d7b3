"""A double of a ClamAV daemon: a real socket that speaks the daemon's INSTREAM (clamd(8)) and knows one signature, EICAR's.

It stands for the protocol. What a real daemon finds is tested against one (`make test-scanner`).
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal

from services.records.attachments.scanner import Scanner

EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
"""The harmless file that every scanner reports (eicar.org). In two parts, so that none reports this one."""

Mood = Literal["well", "errs", "hangs-up", "silent", "blind"]


class ClamdDouble:
    """Its `mood` says how it behaves; `longest` is its StreamMaxLength."""

    def __init__(self, longest: int = 2**31) -> None:
        self.mood: Mood = "well"
        self.longest, self.scanned, self.port = longest, list[int](), 0

    @property
    def address(self) -> str:
        return f"tcp://127.0.0.1:{self.port}"

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        try:
            assert await reader.readuntil(b"\0") == b"zINSTREAM\0"
            writer.write(await self._verdict(reader))
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _verdict(self, reader: asyncio.StreamReader) -> bytes:
        content, size, found = b"", 0, False
        while length := int.from_bytes(await reader.readexactly(4), "big"):
            piece = await reader.readexactly(length)
            size += length
            if self.mood == "hangs-up":
                return b""
            if size > self.longest:
                return b"INSTREAM size limit exceeded. ERROR\0"
            content = content[-len(EICAR) :] + piece
            found = found or EICAR in content
        self.scanned.append(size)
        if self.mood == "errs":
            return b"stream: Can't allocate memory ERROR\0"
        if self.mood == "silent":
            return b""
        return b"stream: Eicar-Test-Signature FOUND\0" if found and self.mood != "blind" else b"stream: OK\0"


async def scanned(address: str | None, *parts: bytes) -> None:
    """Raises what the scanner finds, or that it cannot be asked."""
    async with Scanner(address).scan() as scan:
        for part in parts:
            await scan.feed(part)
        await scan.require_clean()


@asynccontextmanager
async def clamd_double(longest: int = 2**31) -> AsyncIterator[ClamdDouble]:
    """Listening."""
    double = ClamdDouble(longest)
    server = await asyncio.start_server(double.answer, "127.0.0.1", 0)
    double.port = server.sockets[0].getsockname()[1]
    try:
        yield double
    finally:
        server.close()
        await server.wait_closed()
