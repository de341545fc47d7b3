"""Both ways a large body passes without being kept: who takes nothing stops who sends, and of 64 MiB few are ever in memory."""

import asyncio
import tracemalloc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import pytest
from starlette.types import Receive, Send

from tests.gateway.door.production import CLOSE, Production, production, status_of

__all__ = ["production"]

pytestmark = pytest.mark.anyio

MIB: Final = 1024 * 1024
WHOLE: Final = 64 * MIB
GROWTH: Final = 8 * MIB
PART: Final = 65_536
LOAD: Final = ("POST", "/v1/rosters", CLOSE, "Content-Type: application/x-ndjson", f"Content-Length: {WHOLE - PART}")


@pytest.fixture(params=[False, True], ids=["asyncio", "uvloop"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, bool]]:
    """Processes run on uvloop, tests elsewhere on asyncio's own loop."""
    return "asyncio", {"use_uvloop": request.param}


@asynccontextmanager
async def connected(production: Production, *request: str) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A request begun."""
    reader, writer = await asyncio.open_connection("127.0.0.1", production.port, limit=PART)
    writer.write(production.request(*request))
    try:
        yield reader, writer
    finally:
        writer.close()


async def send(writer: asyncio.StreamWriter, most: int) -> int:
    """So many bytes of a body, or as many as are taken; how many that were."""
    sent = 0
    while sent < most:
        writer.write(b"x" * PART)
        try:
            async with asyncio.timeout(1):
                await writer.drain()
        except TimeoutError:
            break
        sent += PART
    return sent


@pytest.mark.requirement("DOOR-flat")
async def test_a_service_that_takes_nothing_stops_who_sends(production: Production) -> None:
    """What it did not take is on the way: in the buffers of two connections, and nowhere else."""
    over = asyncio.Event()

    async def take_nothing(_: Receive, send: Send) -> None:
        await over.wait()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    production.service.act = take_nothing
    async with connected(production, *LOAD) as (_, writer):
        assert await send(writer, WHOLE - PART) < WHOLE / 2
        over.set()
    await asyncio.sleep(0.05)
    production.idle()


@pytest.mark.requirement("DOOR-flat")
@pytest.mark.parametrize("way", ["up", "down"])
async def test_of_a_large_body_little_is_in_memory_at_a_time(production: Production, way: str) -> None:
    production.service.act = production.service.echo if way == "up" else production.service.endless
    async with connected(production, *(LOAD if way == "up" else ("GET",))) as (reader, writer):
        await asyncio.sleep(0.05)
        tracemalloc.start()
        before, _ = tracemalloc.get_traced_memory()
        async with asyncio.timeout(60):
            if way == "up":
                assert await send(writer, WHOLE - PART) == WHOLE - PART
                assert status_of(await reader.read()) == 200
            else:
                for _ in range(WHOLE // PART):
                    await reader.readexactly(PART)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert most - before < GROWTH, f"{(most - before) / MIB:.1f} MiB"
    if way == "up":
        assert production.service.received == WHOLE - PART
