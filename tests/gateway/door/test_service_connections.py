"""The gateway's connections to its services: what is taken for an answer, to which request, and when a connection serves again."""

import asyncio
import contextlib
import itertools
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import connection_pool
from shared.certificates import client_context
from shared.connection_pool import ConnectionPool
from shared.service_connection import CHUNK, MAX_FIELDS, AnswerBroken, HungUp, NotConnected, ServiceConnection
from tests.gateway.certificates import holder, server_certificate

REQUEST = b"GET / HTTP/1.1\r\nhost: service\r\n\r\n"
ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"
CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
SECONDS = 5.0

Says = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@pytest.fixture(params=[False, True], ids=["asyncio", "uvloop"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, bool]]:
    """Processes run on uvloop, tests elsewhere on asyncio's own loop."""
    return "asyncio", {"use_uvloop": request.param}


def saying(*answers: bytes, then_close: bool = False) -> Says:
    """A service that answers requests, one after the other, with these bytes."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for answer in answers:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer)
        if not then_close:
            await reader.read()

    return serve


@asynccontextmanager
async def pool_of(
    says: Says, *, most: int = 4, tls: ssl.SSLContext | None = None, name: str = "127.0.0.1"
) -> AsyncIterator[ConnectionPool]:
    ended = set[asyncio.Task[None]]()

    async def until_closed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            await says(reader, writer)
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ended.add(asyncio.create_task(until_closed(reader, writer)))

    async with await asyncio.start_server(accepted, "127.0.0.1", 0, ssl=tls) as server:
        port = server.sockets[0].getsockname()[1]
        pool = ConnectionPool(f"{'http' if tls is None else 'https'}://{name}:{port}", client_context(None), most=most)
        try:
            yield pool
        finally:
            await pool.close()
            async with asyncio.timeout(SECONDS):
                await asyncio.gather(*ended)


def soon(seconds: float = SECONDS) -> float:
    return asyncio.get_running_loop().time() + seconds


async def ask(pool: ConnectionPool, *, seconds: float = SECONDS) -> tuple[int, bytes]:
    """Status and whole body of the answer to one request."""
    connection = await pool.take(soon(seconds))
    try:
        connection.send(REQUEST)
        answer = await connection.answer(soon(seconds))
        body = answer.body
        if body is None:
            body = b""
            while part := await connection.part(soon(seconds)):
                body += part
        return answer.status, body
    finally:
        pool.give_back(connection)


GOOD = {
    "a length": (ANSWER, (200, b"{}")),
    "chunks": (CHUNKED + b"1\r\n{\r\n1\r\n}\r\n0\r\n\r\n", (200, b"{}")),
    "no body": (b"HTTP/1.1 204 No Content\r\n\r\n", (204, b"")),
    "what the caller has already": (b"HTTP/1.1 304 Not Modified\r\ncontent-length: 7\r\n\r\n", (304, b"")),
    "an announcement before": (b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n" + ANSWER, (200, b"{}")),
    "a long one": (b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % (4 * CHUNK) + b"x" * 4 * CHUNK, (200, b"x" * 4 * CHUNK)),
}


@pytest.mark.anyio
@pytest.mark.parametrize("name", GOOD)
async def test_a_connection_whose_answer_was_whole_serves_again(name: str) -> None:
    said, meant = GOOD[name]
    connected = 0
    serve = saying(said, said, said)

    async def counting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connected
        connected += 1
        await serve(reader, writer)

    async with pool_of(counting) as pool:
        assert [await ask(pool) for _ in range(3)] == [meant] * 3
        assert (connected, pool.taken) == (1, 0)


LENGTH = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n"
BAD = {
    "two lengths": LENGTH + b"content-length: 2\r\n\r\n{}",
    "a length and chunks": LENGTH + b"transfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    "chunks and a length": b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ncontent-length: 2\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    "another coding": b"HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    "no length": b"HTTP/1.1 200 OK\r\n\r\n{}",
    "a length of words": b"HTTP/1.1 200 OK\r\ncontent-length: two\r\n\r\n{}",
    "another protocol": b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n",
    "no status": b"HTTP/1.1 999 Whatever\r\ncontent-length: 2\r\n\r\n{}",
    "no HTTP": b"whatever\r\n\r\n",
    "lines that end early": LENGTH.replace(b"\r\n", b"\n") + b"\n{}",
    "a folded line": LENGTH + b"a: b\r\n c\r\n\r\n{}",
    "a field of 40 kB": LENGTH + b"a: " + b"x" * 40_000 + b"\r\n\r\n{}",
    "too many fields": LENGTH + b"a: b\r\n" * MAX_FIELDS + b"\r\n{}",
    "fields behind the body": CHUNKED + b"2\r\n{}\r\n0\r\ncontent-type: text/html\r\n\r\n",
    "half a header": b"HTTP/1.1 200 OK\r\nconte",
    "half a body": LENGTH + b"\r\n{",
    "announcements without end": b"HTTP/1.1 103 Early Hints\r\nlink: </aaaaaaaaaaaaaaaaaaaaaaa>\r\n\r\n" * 2_000,
}


@pytest.mark.anyio
@pytest.mark.parametrize("name", BAD)
async def test_what_could_be_read_in_two_ways_is_no_answer(name: str) -> None:
    async with pool_of(saying(BAD[name], then_close=True)) as pool:
        with pytest.raises(AnswerBroken):
            await ask(pool)
        assert pool.taken == 0


@pytest.mark.anyio
@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("planted", [ANSWER.replace(b"{}", b"no"), b"HTTP/1.1 204 No Content\r\n\r\n", b"x"])
async def test_what_nobody_asked_for_is_nobodys_answer(planted: bytes, together: bool) -> None:
    """Something after the answer, in the same piece or later: the connection ends, and the next request goes over another one."""
    connections = list[asyncio.StreamWriter]()
    answered, closed = asyncio.Event(), asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(writer)
        await reader.readuntil(b"\r\n\r\n")
        writer.write(ANSWER + planted if together else ANSWER)
        if not together:
            await answered.wait()
            writer.write(planted)
        await reader.read()
        closed.set()

    async with pool_of(serve) as pool:
        assert await ask(pool) == (200, b"{}")
        answered.set()
        async with asyncio.timeout(10):
            await closed.wait()
        assert await ask(pool) == (200, b"{}")
        assert len(connections) == 2


@pytest.mark.anyio
async def test_a_service_that_speaks_before_it_is_asked_is_not_listened_to() -> None:
    closed = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(ANSWER)
        await reader.read()
        closed.set()

    async with pool_of(serve) as pool:
        connection = await pool.take(soon())
        async with asyncio.timeout(10):
            await closed.wait()
        with pytest.raises(HungUp):
            connection.send(REQUEST)
        pool.give_back(connection)


@pytest.mark.anyio
async def test_an_answer_that_says_no_length_is_none_before_it_has_ended() -> None:
    async with pool_of(saying(BAD["no length"])) as pool:
        connection = await pool.take(soon())
        connection.send(REQUEST)
        with pytest.raises(AnswerBroken):
            await connection.answer(soon())
        pool.give_back(connection)


@pytest.mark.anyio
async def test_a_service_that_hangs_up_says_whether_it_had_served_before() -> None:
    async with pool_of(saying(then_close=True)) as pool:
        with pytest.raises(HungUp) as fresh:
            await ask(pool)
    async with pool_of(saying(ANSWER, b"", then_close=True)) as pool:
        await ask(pool)
        with pytest.raises(HungUp) as kept:
            await ask(pool)
    assert (fresh.value.kept, kept.value.kept) == (False, True)


@pytest.mark.anyio
async def test_a_service_that_says_that_it_closes_is_not_asked_there_again() -> None:
    closing = ANSWER.replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n")
    async with pool_of(saying(closing)) as pool:
        assert [await ask(pool) for _ in range(2)] == [(200, b"{}")] * 2


@pytest.mark.anyio
async def test_a_silent_service_is_waited_for_until_the_deadline() -> None:
    async with pool_of(saying(b"")) as pool:
        with pytest.raises(TimeoutError):
            await ask(pool, seconds=0.05)
    async with pool_of(saying(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")) as pool:
        with pytest.raises(TimeoutError):
            await ask(pool, seconds=0.05)
        assert pool.taken == 0


@pytest.mark.anyio
async def test_each_request_of_a_kept_connection_has_a_deadline_of_its_own() -> None:
    for seconds in ((SECONDS, 0.05), (0.05, 0.1)):
        async with pool_of(saying(ANSWER, b"")) as pool:
            assert await ask(pool, seconds=seconds[0]) == (200, b"{}")
            began = asyncio.get_running_loop().time()
            with pytest.raises(TimeoutError):
                await ask(pool, seconds=seconds[1])
            assert seconds[1] <= asyncio.get_running_loop().time() - began + 0.002 < SECONDS


@pytest.mark.anyio
async def test_who_finds_no_connection_waits_for_one_no_longer_than_for_an_answer() -> None:
    async with pool_of(saying(ANSWER, ANSWER, ANSWER), most=1) as pool:
        first = await pool.take(soon())
        with pytest.raises(TimeoutError):
            await ask(pool, seconds=0.05)
        second = asyncio.create_task(ask(pool))
        await asyncio.sleep(0.01)
        assert not second.done()
        pool.give_back(first)
        assert await second == (200, b"{}")


@pytest.mark.anyio
async def test_a_connection_that_was_idle_for_long_is_closed_before_the_service_does_it(monkeypatch: pytest.MonkeyPatch) -> None:
    left = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(ANSWER)
        assert await reader.read() == b""
        left.set()

    async with pool_of(serve) as pool:
        await ask(pool)
        monkeypatch.setattr(connection_pool, "KEPT_SECONDS", -1.0)
        await ask(pool)
        async with asyncio.timeout(SECONDS):
            await left.wait()


@pytest.mark.anyio
async def test_a_service_is_called_by_tls_only_if_it_is_the_one_that_is_meant(tmp_path: Path) -> None:
    authority = holder("CN=Agency CA,O=Agency", authority=True)
    certificate, key = server_certificate(authority).save(tmp_path, "server")
    believed, _ = authority.save(tmp_path, "ca")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    async with pool_of(saying(ANSWER), tls=context, name="127.0.0.1") as pool:
        with pytest.raises(NotConnected):
            await ask(pool)
        known = ConnectionPool(f"https://{pool.authority}", client_context(believed))
        assert await ask(known) == (200, b"{}")
        await known.close()


class Wire(asyncio.Transport):
    """A transport that goes nowhere."""

    def __init__(self) -> None:
        super().__init__()
        self.closed, self.paused = False, False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Nobody is there."""

    def is_closing(self) -> bool:
        return self.closed

    def abort(self) -> None:
        self.closed = True

    def pause_reading(self) -> None:
        self.paused = True

    def resume_reading(self) -> None:
        self.paused = False


@given(said=st.sampled_from([said for said, _ in GOOD.values()][:-1] + list(BAD.values())), cuts=st.sets(st.integers(1, 200)))
def test_in_whatever_pieces_an_answer_comes_it_is_the_same(said: bytes, cuts: set[int]) -> None:
    async def read(*pieces: bytes) -> tuple[int, bytes] | None:
        connection = ServiceConnection(lambda _: None)
        connection.connection_made(Wire())
        connection.send(REQUEST)
        for piece in pieces:
            connection.data_received(piece)
        connection.connection_lost(None)
        try:
            answer = await connection.answer(soon())
            return answer.status, answer.body if answer.body is not None else await connection.part(soon())
        except AnswerBroken:
            return None

    places = [0, *sorted(cut for cut in cuts if cut < len(said)), len(said)]
    pieces = [said[start:end] for start, end in itertools.pairwise(places)]
    assert asyncio.run(read(*pieces)) == asyncio.run(read(said))


@given(st.binary(max_size=300))
def test_nothing_that_a_service_says_raises_in_the_loop(said: bytes) -> None:
    async def read() -> None:
        connection = ServiceConnection(lambda _: None)
        connection.connection_made(Wire())
        connection.send(REQUEST)
        connection.data_received(said)
        connection.data_received(said)
        connection.connection_lost(None)

    asyncio.run(read())


@pytest.mark.anyio
async def test_of_a_long_answer_no_more_is_held_than_a_chunk_and_what_was_read_at_once() -> None:
    wire, connection = Wire(), ServiceConnection(lambda _: None)
    connection.connection_made(wire)
    connection.send(REQUEST)
    connection.data_received(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % (4 * CHUNK))
    connection.data_received(b"x" * CHUNK)
    assert not wire.paused
    connection.data_received(b"x")
    assert wire.paused
    await connection.answer(soon())
    assert len(await connection.part(soon())) == CHUNK + 1
    assert not wire.paused


@pytest.mark.anyio
@pytest.mark.parametrize("taken", ["all at once", "in part"])
async def test_a_long_answer_that_was_there_before_it_was_looked_at_leaves_the_connection_listening(taken: str) -> None:
    """The end of it may come before who waits for its beginning has a turn, or when who asked has left."""
    wire, connection = Wire(), ServiceConnection(lambda _: None)
    connection.connection_made(wire)
    connection.send(REQUEST)
    head, half = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % (2 * CHUNK + 2), b"x" * (CHUNK + 1)
    connection.data_received(head + half)
    if taken == "all at once":
        connection.data_received(half)
        assert (await connection.answer(soon())).body == half + half
    else:
        assert (await connection.answer(soon())).body is None
        assert await connection.part(soon()) == half
        connection.data_received(half)
    assert wire.paused
    assert connection.end()
    assert not wire.paused


@pytest.mark.anyio
async def test_after_a_long_answer_that_came_in_one_go_the_next_request_of_the_connection_is_answered() -> None:
    long = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % (CHUNK + 4_096) + b"x" * (CHUNK + 4_096)
    async with pool_of(saying(long, ANSWER)) as pool:
        connection = await pool.take(soon())
        connection.send(REQUEST)
        await asyncio.sleep(0.1)  # all of it is there before it is asked for
        assert len((await connection.answer(soon())).body or b"") == CHUNK + 4_096
        pool.give_back(connection)
        assert await ask(pool) == (200, b"{}")
