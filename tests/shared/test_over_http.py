"""A sibling in its own process: asked over connections that are kept, one request on each at a time."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from node.demo.processes import free_port
from shared import over_http
from shared.over_http import OverHttp
from shared.service_connection import HungUp, NotConnected

pytestmark = [pytest.mark.anyio, pytest.mark.enable_socket]

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
LONG = 300 * 1024


@asynccontextmanager
async def sibling(serve: Serve, port: int | None = None) -> AsyncIterator[OverHttp]:
    """Whoever listens answers as `serve` does."""
    port, served = port or free_port(), list[asyncio.Task[None]]()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await serve(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()
            await asyncio.gather(writer.wait_closed(), return_exceptions=True)

    server = await asyncio.start_server(
        lambda reader, writer: served.append(asyncio.ensure_future(connected(reader, writer))), "127.0.0.1", port
    )
    asked = OverHttp(f"http://127.0.0.1:{port}/under", ssl.create_default_context())
    try:
        yield asked
    finally:
        await asked.close()
        server.close()
        await asyncio.gather(*served)


async def request_of(reader: asyncio.StreamReader) -> tuple[str, dict[str, str], bytes]:
    """The first line, the fields, the body. Raises IncompleteReadError once nobody asks any more."""
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")[:-2]
    fields = dict(line.split(": ", 1) for line in lines)
    return first, fields, await reader.readexactly(int(fields.get("content-length", 0)))


def answer(body: bytes, status: str = "200 OK") -> bytes:
    return f"HTTP/1.1 {status}\r\nX-Said: It\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body


class Echo:
    """Answers what it was asked; of each connection how many requests came."""

    def __init__(self) -> None:
        self.came = list[list[tuple[str, dict[str, str], bytes]]]()

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        mine: list[tuple[str, dict[str, str], bytes]] = []
        self.came.append(mine)
        while True:
            mine.append(await request_of(reader))
            writer.write(answer(mine[-1][2] or b"nothing"))
            await writer.drain()


async def test_one_connection_carries_one_request_after_the_other_and_several_those_of_one_moment() -> None:
    echo = Echo()
    async with sibling(echo) as asked:
        first = await asked.send("POST", "/a", "x=1", {"X-Name": "value"}, b"{}")
        assert (first.status, first.headers["x-said"], first.body) == (200, "It", b"{}")
        assert (await asked.send("GET", "/b", "", {}, b"")).body == b"nothing"
        [(line, fields, body), (other, no_fields, _)] = echo.came[0]
        assert (line, fields["X-Name"], fields["content-length"], body) == ("POST /under/a?x=1 HTTP/1.1", "value", "2", b"{}")
        assert (other, set(no_fields)) == ("GET /under/b HTTP/1.1", {"host"})
        bodies = [bytes([65 + n]) * 10 for n in range(5)]
        answers = await asyncio.gather(*(asked.send("POST", "/c", "", {}, body) for body in bodies))
        assert [one.body for one in answers] == bodies
        assert len(echo.came) == 5
        assert (await asked.send("POST", "/d", "", {}, b"z" * LONG)).body == b"z" * LONG


async def test_a_line_within_a_field_is_no_request() -> None:
    echo = Echo()
    async with sibling(echo) as asked:
        with pytest.raises(ValueError, match="a line within a field"):
            await asked.send("GET", "/a", "", {"x-name": "value\r\nx-other: value"}, b"")
        assert echo.came == []


async def test_nobody_who_listens_is_no_answer_and_one_who_is_slow_neither(monkeypatch: pytest.MonkeyPatch) -> None:
    nobody = OverHttp(f"http://127.0.0.1:{free_port()}", ssl.create_default_context())
    with pytest.raises(NotConnected):
        await nobody.send("GET", "/a", "", {}, b"")
    await nobody.close()
    monkeypatch.setattr(over_http, "TIMEOUT_SECONDS", 0.05)

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with sibling(silent) as asked:
        with pytest.raises(TimeoutError):
            await asked.send("POST", "/a", "", {}, b"{}")


async def test_a_kept_connection_that_was_closed_unheard_is_asked_again_where_twice_is_the_same_as_once() -> None:
    asked_for = list[str]()

    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked_for.append((await request_of(reader))[0].split()[0])
        writer.write(answer(b"first"))
        await request_of(reader)  # and hangs up when it hears the second

    async with sibling(once) as asked:
        for method in ("POST", "GET"):
            assert (await asked.send(method, "/a", "", {}, b"")).body == b"first"
        with pytest.raises(HungUp):
            await asked.send("POST", "/a", "", {}, b"")
    assert asked_for == ["POST", "GET"]


async def test_who_gives_up_leaves_no_connection_on_which_another_hears_its_answer() -> None:
    heard, go_on = asyncio.Event(), asyncio.Event()

    async def late(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        _, _, body = await request_of(reader)
        heard.set()
        if body == b"first":
            await go_on.wait()
        writer.write(answer(body))
        await writer.drain()

    async with sibling(late) as asked:
        first = asyncio.create_task(asked.send("POST", "/a", "", {}, b"first"))
        await heard.wait()
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        go_on.set()
        assert (await asked.send("POST", "/a", "", {}, b"second")).body == b"second"
