"""A real uvicorn with the strict protocol, spoken to in bytes."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import uvicorn
from starlette.types import Message, Receive, Scope, Send

from node.server import Config
from services.gateway.door import http_protocol
from services.gateway.door.http_protocol import StrictHttpProtocol

OK = b"HTTP/1.1 200 OK"
heard: list[Scope] = []
"""What the application was told of, newest last."""


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with the length of the body that it read."""
    if scope["type"] != "http":
        return
    heard.append(scope)
    length, more = 0, True
    while more:
        message: Message = await receive()
        length, more = length + len(message.get("body", b"")), message.get("more_body", False)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": str(length).encode(), "more_body": False})


@asynccontextmanager
async def serving(*, connections: int = 1_000) -> AsyncIterator[int]:
    """The port of a running server."""
    config = Config(
        echo,
        port=0,
        host="127.0.0.1",
        http=StrictHttpProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        log_level=50,
        connections_at_most=connections,
    )
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    try:
        while not server.started:  # noqa: ASYNC110 uvicorn offers no event
            await asyncio.sleep(0.005)
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await task


async def spoken(data: bytes, *, port: int, closing: bool = False) -> bytes:
    """Everything that comes back until the server closes, or says that it keeps the connection open.

    closing  the last request asks it to close
    """
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(data)
        await writer.drain()
        async with asyncio.timeout(5):
            answer = b""
            while b"\r\n\r\n" not in answer and (chunk := await reader.read(65536)):
                answer += chunk
            if closing or b"connection: close" in answer:
                answer += await reader.read()
            return answer
    finally:
        writer.close()


HOST = b"Host: node.example\r\n"
CHUNKED = b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n"

REFUSED = {
    "no Host": (b"GET / HTTP/1.1\r\n\r\n", 400),
    "two Hosts": (b"GET / HTTP/1.1\r\n" + HOST + b"Host: other.example\r\n\r\n", 400),
    "two Authorizations": (b"GET / HTTP/1.1\r\n" + HOST + b"Authorization: DPoP a\r\nAuthorization: DPoP b\r\n\r\n", 400),
    "two DPoP proofs": (b"GET / HTTP/1.1\r\n" + HOST + b"DPoP: a\r\ndpop: b\r\n\r\n", 400),
    "two idempotency keys": (b"GET / HTTP/1.1\r\n" + HOST + b"Idempotency-Key: aaaaaaaa\r\nIdempotency-Key: bbbbbbbb\r\n\r\n", 400),
    "length said twice": (b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 1\r\nContent-Length: 1\r\n\r\nx", 400),
    "length and coding": (b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    "coding and length": (b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n", 400),
    "two codings": (b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 400),
    "a space before the colon": (b"GET / HTTP/1.1\r\n" + HOST + b"Authorization : DPoP a\r\n\r\n", 400),
    "a folded line": (b"GET / HTTP/1.1\r\n" + HOST + b"X: a\r\n b\r\n\r\n", 400),
    "absolute form": (b"GET http://other.example/v1/students HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "asterisk form": (b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "an upgrade": (b"GET / HTTP/1.1\r\n" + HOST + b"Connection: upgrade\r\nUpgrade: websocket\r\n\r\n", 400),
    "a header of 33 KiB": (b"GET / HTTP/1.1\r\n" + HOST + b"X: " + b"a" * 33_000 + b"\r\n\r\n", 431),
    "header fields of 33 KiB together": (
        b"GET / HTTP/1.1\r\n" + HOST + b"".join(b"X%d: " % i + b"a" * 1000 + b"\r\n" for i in range(34)) + b"\r\n",
        431,
    ),
    "101 fields": (b"GET / HTTP/1.1\r\n" + HOST + b"".join(b"X%d: a\r\n" % i for i in range(100)) + b"\r\n", 431),
    "a target of 9 KB": (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n" + HOST + b"\r\n", 431),
    "a field behind the body": (CHUNKED + b"1\r\nx\r\n0\r\nX-Forwarded-For: 10.0.0.1\r\n\r\n", 400),
    "a header behind the body": (CHUNKED + b"0\r\nAuthorization: DPoP a\r\nClient-Cert: :AAAA:\r\n\r\n", 400),
    "lines that end with LF alone": (b"GET / HTTP/1.1\nHost: node.example\n\n", 400),
    "a line that ends with CR alone": (b"GET / HTTP/1.1\r\n" + HOST + b"X: a\rY: b\r\n\r\n", 400),
    "a NUL in a field": (b"GET / HTTP/1.1\r\n" + HOST + b"X: a\0b\r\n\r\n", 400),
    "a length with a sign": (b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: +3\r\n\r\nabc", 400),
    "a length in a list": (b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 3, 3\r\n\r\nabc", 400),
    "a length of another base": (b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 0x3\r\n\r\nabc", 400),
    "a chunk's length with a sign": (CHUNKED + b"+1\r\nx\r\n0\r\n\r\n", 400),
    "a chunk longer than it says": (CHUNKED + b"1\r\nxy\r\n0\r\n\r\n", 400),
    "chunks whose lines end with LF alone": (CHUNKED + b"1\nx\n0\n\n", 400),
    "a coding that is not quite chunked": (b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 400),
    "a coding of HTTP/1.0": (b"POST / HTTP/1.0\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n", 400),
    "HTTP/2 in a line of HTTP/1": (b"GET / HTTP/2.0\r\n" + HOST + b"\r\n", 400),
    "a version that is none": (b"GET / HTTP/1.2\r\n" + HOST + b"\r\n", 400),
    "the preface of HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    "HTTP/0.9": (b"GET /\r\n\r\n", 400),
    "a line that ends within a chunk's extension": (CHUNKED + b"1;\nx\r\n0\r\n\r\n", 400),
    "a line that ends within a quoted extension": (CHUNKED + b'1;a="\n"\r\nx\r\n0\r\n\r\n', 400),
    "a chunk's length that is too large to count": (CHUNKED + b"10000000000000001\r\nx\r\n0\r\n\r\n", 400),
    "a chunk's length of another base": (CHUNKED + b"0x1\r\nx\r\n0\r\n\r\n", 400),
    "chunked twice": (b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    "a coding behind white space that is none": (b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n", 400),
    "no coding beside a length": (b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: \r\nContent-Length: 3\r\n\r\nabc", 400),
    "a length that is too large to count": (b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 18446744073709551617\r\n\r\nabc", 400),
    "a length below none": (b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: -1\r\n\r\nabc", 400),
    "a length of two numbers": (b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 1 3\r\n\r\nabc", 400),
    "a field without a name": (b"GET / HTTP/1.1\r\n" + HOST + b": x\r\n\r\n", 400),
    "a first field that is folded": (b"GET / HTTP/1.1\r\n Host: other.example\r\n" + HOST + b"\r\n", 400),
    "an upgrade to HTTP/2": (b"GET / HTTP/1.1\r\n" + HOST + b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\r\n", 400),
    "a tunnel": (b"CONNECT other.example:443 HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "no HTTP at all": (b"hello\r\n\r\n", 400),
}


@pytest.mark.requirement("DOOR-bounded")
@pytest.mark.anyio
async def test_what_two_programs_could_read_in_two_ways_is_refused() -> None:
    async with serving() as port:
        for name, (data, status) in REFUSED.items():
            answer = await spoken(data, port=port)
            head, _, body = answer.partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 %d " % status), (name, answer[:200])
            assert b"content-type: application/problem+json" in head, name
            assert json.loads(body)["status"] == status, name


@pytest.mark.anyio
async def test_what_stands_behind_a_body_is_told_to_nobody_and_does_nothing_whenever_it_comes() -> None:
    for pause in (False, True):
        heard.clear()
        async with serving() as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(CHUNKED + b"1\r\nx\r\n")
            if pause:
                while not heard:  # noqa: ASYNC110 the application has begun before the end of the body comes
                    await asyncio.sleep(0.005)
            writer.write(b"0\r\nX-Forwarded-For: 10.0.0.1\r\n\r\n" + b"GET /second HTTP/1.1\r\n" + HOST + b"\r\n")
            async with asyncio.timeout(5):
                answer = await reader.read()
            writer.close()
        assert (answer.count(b"HTTP/1.1"), answer.split(b" ")[1]) == (1, b"400"), pause
        assert b"x-forwarded-for" not in repr(heard).encode()
        assert [scope["path"] for scope in heard] in ([], ["/"])


@pytest.mark.anyio
async def test_ordinary_requests_pass() -> None:
    ordinary = {
        b"GET / HTTP/1.1\r\n" + HOST + b"\r\n": b"0",
        b"POST /a HTTP/1.1\r\n" + HOST + b"Content-Length: 3\r\n\r\nabc": b"3",
        b"POST /a HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n": b"3",
        b"GET / HTTP/1.1\r\n" + HOST + b"".join(b"X%d: a\r\n" % i for i in range(99)) + b"\r\n": b"0",
        b"POST /a HTTP/1.0\r\n" + HOST + b"Content-Length: 3\r\n\r\nabc": b"3",
    }
    async with serving() as port:
        for data, length in ordinary.items():
            answer = await spoken(data, port=port)
            assert answer.startswith(OK), answer
            assert length in answer.partition(b"\r\n\r\n")[2] or answer.endswith(b"\r\n\r\n")


@pytest.mark.anyio
async def test_white_space_around_a_value_is_none_of_it() -> None:
    fields = b"Host:  node.example \t\r\nDPoP:\ta.b.c  \r\nIdempotency-Key: aaaaaaaa \r\nContent-Length: 3 \r\nX:  \r\nTransfer: a b \r\n"
    async with serving() as port:
        answer = await spoken(b"POST / HTTP/1.1\r\n" + fields + b"\r\nabc", port=port)
        assert answer.startswith(OK), answer
        assert dict(heard[-1]["headers"]) == {
            b"host": b"node.example",
            b"dpop": b"a.b.c",
            b"idempotency-key": b"aaaaaaaa",
            b"content-length": b"3",
            b"x": b"",
            b"transfer": b"a b",
        }
        waits = b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 3\r\nExpect: 100-continue \r\n\r\n"
        assert (await spoken(waits, port=port)).startswith(b"HTTP/1.1 100 "), "who waits to be asked for the body is asked"


@pytest.mark.anyio
async def test_a_bad_second_request_never_answers_for_the_first() -> None:
    async with serving() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 1\r\n\r\nxGET / HTTP/1.1\r\n\r\n")
        async with asyncio.timeout(5):
            try:
                answer = await reader.read()
            except ConnectionResetError:
                answer = b""
        writer.close()
        assert not answer.startswith(b"HTTP/1.1 4"), answer


@pytest.mark.anyio
async def test_a_header_that_never_ends_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_protocol, "HEADER_SECONDS", 0.05)
    async with serving() as port:
        for beginning in (b"", b"GET / HTTP/1.1\r\nHost: node"):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(beginning)
            async with asyncio.timeout(5):
                assert await reader.read() == b""
            writer.close()
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\n" + HOST + b"\r\n")
        async with asyncio.timeout(5):
            assert (await reader.readuntil(b"\r\n")).strip() == OK
            writer.write(b"GET / HTTP/1.1\r\nHost: node")
            assert b"HTTP" not in await reader.read()
        writer.close()


@pytest.mark.requirement("DOOR-bounded")
@pytest.mark.anyio
async def test_one_connection_more_than_the_process_takes_is_told_so_and_closed_until_another_leaves() -> None:
    small = b"GET / HTTP/1.1\r\n" + HOST + b"\r\n"
    async with serving(connections=3) as port:
        kept = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
        for reader, writer in kept:
            writer.write(small)
            assert (await asyncio.wait_for(reader.readuntil(b"\r\n"), 5)).startswith(OK)
        for _ in range(5):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            head, _, body = (await asyncio.wait_for(reader.read(), 5)).partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 503 ")
            assert json.loads(body)["code"] == "temporarily-unavailable"
            writer.close()
        kept[0][1].write(small)
        await asyncio.wait_for(kept[0][0].readuntil(OK), 5)
        kept[1][1].close()
        await kept[1][1].wait_closed()
        async with asyncio.timeout(5):
            while not (await spoken(small, port=port)).startswith(OK):  # noqa: ASYNC110 the server has yet to see that one has left
                await asyncio.sleep(0.01)
        for _, writer in kept:
            writer.close()
