"""What leaves the server: whole, in one piece, as long as it says, and no field that makes a line of its own."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from ssl import SSLContext

import pytest
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from services.gateway.door import http_cycle
from services.gateway.door.http_protocol import StrictHttpProtocol

GET = b"GET / HTTP/1.1\r\nHost: node.example\r\n\r\n"
CLOSING = GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
TWO = (b"content-length", b"2")
KEPT_SECONDS = 0.1


@pytest.fixture(params=[False, True], ids=["asyncio", "uvloop"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, bool]]:
    """Processes run on uvloop, tests elsewhere on asyncio's own loop."""
    return "asyncio", {"use_uvloop": request.param}


@asynccontextmanager
async def connected(app: ASGIApp) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection to a server of `app`."""
    async with served(app) as (reader, writer, _):
        yield reader, writer


@asynccontextmanager
async def served(
    app: ASGIApp, *, kept_seconds: float = KEPT_SECONDS, certificate: tuple[Path, Path] | None = None, trusts: SSLContext | None = None
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter, uvicorn.Server]]:
    """The same, with the server, which keeps a connection so long without a request. `certificate`: where it speaks TLS, with its key."""
    config = uvicorn.Config(app, port=0, http=StrictHttpProtocol, ws="none", lifespan="off", log_config=None, log_level=60)
    config.timeout_keep_alive = kept_seconds  # type: ignore[assignment]  # less than a second does too
    if certificate is not None:
        config.ssl_certfile, config.ssl_keyfile = certificate
    config.server_header = config.date_header = False
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 uvicorn offers no event
        await asyncio.sleep(0.005)
    reader, writer = await asyncio.open_connection("127.0.0.1", server.servers[0].sockets[0].getsockname()[1], ssl=trusts)
    try:
        async with asyncio.timeout(5):
            yield reader, writer, server
    finally:
        writer.close()
        server.should_exit = True
        await task


def saying(status: int, fields: list[tuple[bytes, bytes]], *parts: bytes) -> ASGIApp:
    async def app(_: Scope, __: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": status, "headers": fields})
        for part in parts:
            await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    return app


SAID = {
    "a length": (saying(200, [TWO, (b"Content-Type", b"a/b")], b"{", b"}"), b"200 OK\r\ncontent-length: 2\r\ncontent-type: a/b\r\n", b"{}"),
    "no length": (saying(200, [], b"{", b"}"), b"200 OK\r\ntransfer-encoding: chunked\r\n", b"1\r\n{\r\n1\r\n}\r\n0\r\n\r\n"),
    "nothing": (saying(200, []), b"200 OK\r\ntransfer-encoding: chunked\r\n", b"0\r\n\r\n"),
    "no body": (saying(204, []), b"204 No Content\r\n", b""),
}


@pytest.mark.anyio
@pytest.mark.parametrize("name", SAID)
async def test_an_answer_is_sent_as_it_is_said(name: str) -> None:
    app, head, body = SAID[name]
    whole = b"HTTP/1.1 " + head + b"\r\n" + body
    async with connected(app) as (reader, writer):
        for _ in range(2):
            writer.write(GET)
            assert await reader.readexactly(len(whole)) == whole
        writer.write(CLOSING)
        last = await reader.read()
        assert (last.count(b"connection: close\r\n"), last.replace(b"connection: close\r\n", b"")) == (1, whole)


@pytest.mark.anyio
@pytest.mark.parametrize("name", SAID)
async def test_to_who_speaks_http_1_0_an_answer_without_a_length_ends_with_the_connection(name: str) -> None:
    app, head, body = SAID[name]
    chunked = b"transfer-encoding: chunked\r\n"
    whole = b"HTTP/1.1 " + head.replace(chunked, b"") + b"connection: close\r\n\r\n" + (b"{}" if b"{" in body else b"")
    async with connected(app) as (reader, writer):
        writer.write(GET.replace(b"HTTP/1.1", b"HTTP/1.0"))
        assert await reader.read() == whole


@pytest.mark.anyio
async def test_the_head_of_an_answer_leaves_with_the_first_part_of_its_body() -> None:
    go_on = asyncio.Event()

    async def app(_: Scope, __: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [TWO]})
        await go_on.wait()
        await send({"type": "http.response.body", "body": b"{}", "more_body": False})

    async with connected(app) as (reader, writer):
        writer.write(GET)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(1), 0.05)
        go_on.set()
        assert await reader.read(1_000) == b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"


WRONG = {
    "a line in a value": saying(200, [TWO, (b"a", b"b\r\nplanted: c")], b"{}"),
    "half a line in a value": saying(200, [TWO, (b"a", b"b\nplanted: c")], b"{}"),
    "a line in a value that is written once": saying(200, [TWO, (b"content-type", b"b\r\nplanted: c")], b"{}"),
    "a line in a name": saying(200, [TWO, (b"a\r\nplanted", b"c")], b"{}"),
    "a name that ends early": saying(200, [TWO, (b"planted: c", b"d")], b"{}"),
    "no name": saying(200, [TWO, (b"", b"planted")], b"{}"),
    "more than it says": saying(200, [TWO], b"{}planted"),
    "less than it says": saying(200, [TWO], b"{"),
}


@pytest.mark.anyio
@pytest.mark.parametrize("name", WRONG)
async def test_what_would_be_read_as_another_answer_is_not_sent(name: str) -> None:
    async with connected(WRONG[name]) as (reader, writer):
        writer.write(GET + GET)
        answer = await reader.read()
        assert b"planted" not in answer
        assert not answer.endswith(b"{}"), "the connection ends instead"
        assert answer.count(b"HTTP/1.1") <= 1


@pytest.mark.anyio
async def test_an_application_that_closes_the_connection_is_heard() -> None:
    async with connected(saying(200, [TWO, (b"connection", b"Close")], b"{}")) as (reader, writer):
        writer.write(GET + GET)
        assert await reader.read() == b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: Close\r\n\r\n{}"


@pytest.mark.anyio
async def test_an_idle_connection_is_closed_and_a_busy_one_is_not() -> None:
    async def slow(_: Scope, __: Receive, send: Send) -> None:
        await asyncio.sleep(2.5 * KEPT_SECONDS)
        await send({"type": "http.response.start", "status": 200, "headers": [TWO]})
        await send({"type": "http.response.body", "body": b"{}", "more_body": False})

    async with connected(slow) as (reader, writer):
        answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"
        for _ in range(2):
            writer.write(GET)
            assert await reader.readexactly(len(answer)) == answer
        began = asyncio.get_running_loop().time()
        assert await reader.read() == b""
        assert asyncio.get_running_loop().time() >= began + KEPT_SECONDS / 2


LARGE = b"x" * 32 * 1024 * 1024
"""More than all the buffers between two sockets of one machine."""


def sending_until(left: asyncio.Event) -> ASGIApp:
    """Sends without end, until nobody is there."""

    async def app(_: Scope, receive: Receive, send: Send) -> None:
        async def watch() -> None:
            while (await receive())["type"] != "http.disconnect":
                pass

        watching = asyncio.create_task(watch())
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while not watching.done():
            await send({"type": "http.response.body", "body": LARGE[:65536], "more_body": True})
            await asyncio.sleep(0)
        left.set()

    return app


@pytest.mark.requirement("DOOR-bounded")
@pytest.mark.anyio
async def test_who_does_not_read_is_not_waited_for_in_the_midst_of_an_answer_or_at_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_cycle, "TAKEN_WITHIN_SECONDS", 0.1)
    left = asyncio.Event()
    async with connected(sending_until(left)) as (_, writer):
        writer.write(GET)
        await left.wait()

    async def whole(_: Scope, __: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(LARGE))]})
        await send({"type": "http.response.body", "body": LARGE, "more_body": False})

    for asked in (GET, CLOSING):  # one is closed for it was idle, one because it was asked to be
        async with served(whole) as (reader, writer, server):
            writer.write(asked)
            while not server.server_state.total_requests or server.server_state.connections:  # noqa: ASYNC110 uvicorn offers no event
                await asyncio.sleep(0.005)
            with contextlib.suppress(ConnectionResetError):
                assert len(await reader.read()) < len(LARGE)


@pytest.mark.anyio
async def test_who_reads_slowly_gets_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_cycle, "TAKEN_WITHIN_SECONDS", 0.3)  # all of it takes twice as long, no part so long on a busy machine
    parts = [LARGE[: 1024 * 1024]] * 32
    for asked in (GET, CLOSING):
        async with connected(saying(200, [(b"content-length", b"%d" % len(LARGE))], *parts)) as (reader, writer):
            writer.write(asked)
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200 OK")
            for _ in range(len(LARGE) // 2**20):
                await reader.readexactly(2**20)
                await asyncio.sleep(0.02)


@pytest.mark.anyio
async def test_requests_that_come_together_are_answered_in_turn() -> None:
    async def app(scope: Scope, _: Receive, send: Send) -> None:
        path = scope["path"].encode()
        await asyncio.sleep(0.01 if path == b"/one" else 0)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(path))]})
        await send({"type": "http.response.body", "body": path, "more_body": False})

    async with connected(app) as (reader, writer):
        writer.write(GET.replace(b"/ ", b"/one ") + GET.replace(b"/ ", b"/tw%6F?a=b ") + CLOSING.replace(b"/ ", b"/three "))
        assert [one[-6:].strip() for one in (await reader.read()).split(b"HTTP/1.1 200 OK")[1:]] == [b"/one", b"/two", b"/three"]
