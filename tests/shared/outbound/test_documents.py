"""Getting a document from a stranger: the connection goes to the address that was looked at, and what comes is bounded."""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from shared.certificates import client_context
from shared.outbound.addresses import LOOPBACK, AddressRefused
from shared.outbound.calls import Documents, NotGot, Reachable
from tests.audit.destinations.receivers import authority_and_server

pytestmark = pytest.mark.anyio

HERE = Reachable(LOOPBACK, development=True)


class Server:
    """A stranger's: answers each request with `answer`, and keeps what it was asked."""

    def __init__(self, answer: bytes, *, waits: bool = False) -> None:
        self.answer, self.waits, self.port = answer, waits, 0
        self.connections, self.asked = 0, b""

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            self.asked += await reader.readuntil(b"\r\n\r\n")
            writer.write(self.answer)
            await writer.drain()
            if self.waits:
                await reader.read()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def serving(answer: bytes, *, waits: bool = False, context: ssl.SSLContext | None = None) -> AsyncIterator[Server]:
    server = Server(answer, waits=waits)
    listening = await asyncio.start_server(server.handle, "127.0.0.1", 0, ssl=context)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()


class Resolver(AbstractResolver):
    """Says of every name, one time after the other, what it was made with: as a stranger's name server may."""

    def __init__(self, *addresses: str) -> None:
        self.addresses, self.asked = list(addresses), 0

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET) -> list[ResolveResult]:
        address = self.addresses[min(self.asked, len(self.addresses) - 1)]
        self.asked += 1
        kind = socket.AF_INET6 if ":" in address else socket.AF_INET
        return [ResolveResult(hostname=host, host=address, port=port, family=kind, proto=socket.IPPROTO_TCP, flags=socket.AI_NUMERICHOST)]

    async def close(self) -> None:
        pass


def answer_of(body: bytes, *fields: str, status: str = "200 OK") -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *fields]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def documents(
    reachable: Reachable = HERE, *, authority: Path | None = None, resolver: AbstractResolver | None = None, seconds: float = 5.0
) -> Documents:
    return Documents(reachable, client_context(authority), seconds=seconds, resolver=resolver)


async def test_a_document_is_got_from_exactly_its_url_with_nothing_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    async with serving(answer_of(b'{"keys":[]}')) as server:
        got = await documents().get(f"http://127.0.0.1:{server.port}/jwks", accept="application/json")
    assert got == b'{"keys":[]}'
    head, *fields = server.asked.decode().lower().split("\r\n")
    assert head == "get /jwks http/1.1"
    assert {line.partition(":")[0] for line in fields if line} == {"host", "accept", "accept-encoding", "connection"}


@pytest.mark.requirement("DOOR-ssrf")
@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "10.0.0.1", "169.254.169.254", "::ffff:127.0.0.1"])
async def test_a_name_that_resolves_to_what_is_inside_is_not_called(address: str, tmp_path: Path) -> None:
    authority, context = authority_and_server(tmp_path, "keys.elm.example")
    resolver = Resolver(address)
    async with serving(answer_of(b"secret"), context=context) as server:
        with pytest.raises(NotGot) as refused:
            getter = documents(Reachable(()), authority=authority, resolver=resolver)
            await getter.get(f"https://keys.elm.example:{server.port}/", accept="*/*")
    assert isinstance(getattr(refused.value.__cause__, "os_error", None), AddressRefused)
    assert (server.connections, resolver.asked) == (0, 1)


@pytest.mark.requirement("DOOR-ssrf")
async def test_a_name_is_resolved_once_and_the_connection_goes_there_under_the_names_certificate(tmp_path: Path) -> None:
    """A rebinding name server: the first answer may be called, every later one is somewhere that may not."""
    authority, context = authority_and_server(tmp_path, "keys.elm.example")
    reachable = Reachable((ipaddress.ip_network("127.0.0.1/32"),))
    async with serving(answer_of(b"first"), context=context) as server:
        resolver = Resolver("127.0.0.1", "127.0.0.2")
        getter = documents(reachable, authority=authority, resolver=resolver)
        url = f"https://keys.elm.example:{server.port}/"
        assert await getter.get(url, accept="*/*") == b"first"
        assert (resolver.asked, server.connections) == (1, 1)
        assert f"host: keys.elm.example:{server.port}".encode() in server.asked.lower()
        with pytest.raises(NotGot):
            await getter.get(url, accept="*/*")
        assert (resolver.asked, server.connections) == (2, 1)
        other = documents(reachable, authority=authority, resolver=Resolver("127.0.0.1"))
        with pytest.raises(NotGot):
            await other.get(f"https://keys.oak.example:{server.port}/", accept="*/*")
        assert b"oak" not in server.asked


REFUSED: dict[str, Callable[[int], bytes]] = {
    "a redirect": lambda port: answer_of(b"", f"Location: http://127.0.0.1:{port}/elsewhere", status="302 Found"),
    "not there": lambda _: answer_of(b"x", status="404 Not Found"),
    "another success": lambda _: answer_of(b"x", status="206 Partial Content"),
    "compressed": lambda _: answer_of(b"x", "Content-Encoding: gzip"),
    "too long": lambda _: answer_of(b"x" * 1001),
    "too long in chunks": lambda _: (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        + b"190\r\n"
        + b"x" * 400
        + b"\r\n190\r\n"
        + b"x" * 400
        + b"\r\n190\r\n"
        + b"x" * 400
        + b"\r\n0\r\n\r\n"
    ),
    "broken off": lambda _: b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
    "no HTTP": lambda _: b"SSH-2.0-OpenSSH\r\n\r\n",
    "a head without end": lambda _: b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000,
}


@pytest.mark.parametrize("name", REFUSED)
async def test_what_is_not_plainly_there_is_not_taken(name: str) -> None:
    async with serving(b"") as server:
        server.answer = REFUSED[name](server.port)
        with pytest.raises(NotGot):
            await documents().get(f"http://127.0.0.1:{server.port}/jwks", accept="*/*", most_bytes=1000)
    assert (server.connections, b"elsewhere" in server.asked) == (1, False)


async def test_who_answers_too_slowly_is_not_waited_for() -> None:
    async with serving(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", waits=True) as server:
        with pytest.raises(NotGot):
            await documents(seconds=0.2).get(f"http://127.0.0.1:{server.port}/", accept="*/*")


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1/", "file:///etc/passwd", "ftp://127.0.0.1/", "https://127.0.0.1:1/", "https://[::1]:1/", ""]
)
async def test_without_development_this_machine_and_other_schemes_are_not_called(url: str) -> None:
    with pytest.raises(NotGot):
        await documents(Reachable(())).get(url, accept="*/*")
