"""How witnesses are reached: over real sockets, bounded in time and length, and never over plain http to anybody else's machine."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from safepassage.tlog_witness import MAX_ANSWER_BYTES
from services.audit.witnessing import door
from services.audit.witnessing.door import AnswerUnreadable, DoorAnswer, OverHttps, WitnessUnreachable
from tests.audit.audit_node import settings_of

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def answering(answer: bytes | None, seen: list[bytes] | None = None) -> AsyncIterator[str]:
    """A server that sends these bytes to whoever connects, or nothing; and its address."""

    writers: list[asyncio.StreamWriter] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        head = await reader.readuntil(b"\r\n\r\n")
        if seen is not None:
            seen.append(head)
        if answer is not None:
            writer.write(answer)
            await writer.drain()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}/v1/witness"
    finally:
        for writer in writers:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()
        server.close()


@pytest.fixture
async def reached(node_keys: Path) -> AsyncIterator[OverHttps]:
    one = OverHttps(settings_of("sqlite+aiosqlite:///none.sqlite", node_keys, insecure_development=True))
    yield one
    await one.close()


def http(status: str, body: bytes, *more: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"content-length: {len(body)}", "connection: close", *more]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


async def test_a_witness_s_answer_comes_as_it_is(reached: OverHttps) -> None:
    seen: list[bytes] = []
    async with answering(http("409 Conflict", b"5\n", "content-type: text/x.tlog.size"), seen) as url:
        assert await reached.post(url + "/add-checkpoint", b"old 0\n\n") == DoorAnswer(409, b"5\n")
    assert seen[0].startswith(b"POST /v1/witness/add-checkpoint HTTP/1.1\r\n")
    assert b"text/plain" in seen[0]


async def test_no_redirect_is_followed(reached: OverHttps) -> None:
    async with answering(http("307 Temporary Redirect", b"", "location: http://127.0.0.1:1/")) as url:
        assert (await reached.get(url)).status == 307


async def test_an_answer_that_is_too_long_or_none_is_no_answer(reached: OverHttps) -> None:
    async with answering(http("200 OK", b"x" * (MAX_ANSWER_BYTES + 1))) as url:
        with pytest.raises(AnswerUnreadable):
            await reached.get(url)
    async with answering(b"SSH-2.0-OpenSSH_9.9\r\n\r\n") as url:
        with pytest.raises(AnswerUnreadable):
            await reached.get(url)
    for nobody in (answering(http("200 OK", b"x" * 20)[:-5]), answering(b"")):
        async with nobody as url:
            with pytest.raises(WitnessUnreachable) as error:
                await reached.get(url)
            assert not isinstance(error.value, AnswerUnreadable)
    with pytest.raises(WitnessUnreachable) as error:
        await reached.get("http://127.0.0.1:1/")
    assert not isinstance(error.value, AnswerUnreadable)


@pytest.mark.requirement("FAULT-witness")
async def test_a_slow_witness_is_left_after_a_while(node_keys: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "SECONDS", 0.05)
    impatient = OverHttps(settings_of("sqlite+aiosqlite:///none.sqlite", node_keys, insecure_development=True))
    try:
        async with answering(None) as url:
            with pytest.raises(WitnessUnreachable):
                await impatient.get(url)
    finally:
        await impatient.close()


async def test_outside_development_and_off_the_loopback_http_is_refused(node_keys: Path, reached: OverHttps) -> None:
    strict = OverHttps(settings_of("sqlite+aiosqlite:///none.sqlite", node_keys))
    seen: list[bytes] = []
    try:
        async with answering(http("200 OK", b""), seen) as url:
            with pytest.raises(WitnessUnreachable):
                await strict.get(url)
        for address in ("http://birch.example/v1/witness", "file:///etc/hosts", "ftp://127.0.0.1/"):
            with pytest.raises(WitnessUnreachable):
                await reached.get(address)
    finally:
        await strict.close()
    assert seen == []


@pytest.mark.requirement("DOOR-ssrf")
async def test_a_witness_in_a_network_of_the_node_s_own_is_called_only_where_a_setting_names_it(node_keys: Path) -> None:
    connections: list[int] = []

    async def handle(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(1)
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1/witness"
    for inside, called in (((), 0), (("10.0.0.0/8",), 0), (("127.0.0.0/8",), 1)):
        one = OverHttps(settings_of("sqlite+aiosqlite:///none.sqlite", node_keys, inside_networks=inside))
        with pytest.raises(WitnessUnreachable):
            await one.get(url)
        await one.close()
        assert len(connections) == called, inside
    server.close()
    await server.wait_closed()
