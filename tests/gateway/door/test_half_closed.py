"""Who closes their side behind a request gets the answer, unless it is long in coming; who has left is not worked for. And what is refused
before its body has come is not listened to for ever.
"""

import asyncio
import ssl
from pathlib import Path

import pytest
from starlette.types import Message, Receive, Scope, Send

from services.gateway.door import http_protocol
from tests.gateway.certificates import holder, server_certificate
from tests.gateway.door.test_http_cycle import CLOSING, GET, TWO, anyio_backend, connected, saying, served

__all__ = ["anyio_backend"]

pytestmark = pytest.mark.anyio

POST = b"POST / HTTP/1.1\r\nHost: node.example\r\nContent-Length: 1000\r\n\r\n"
LAST = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}"
KEPT = LAST.replace(b"connection: close\r\n", b"")


class Held:
    """Answers what is asked at `/held` when it is told to, and the rest at once. Whoever leaves meanwhile is seen."""

    def __init__(self) -> None:
        self.begun, self.may_go_on, self.left = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/held":
            await self._hold(receive)
        await send({"type": "http.response.start", "status": 200, "headers": [TWO]})
        await send({"type": "http.response.body", "body": b"{}", "more_body": False})

    async def _hold(self, receive: Receive) -> None:
        async def watch() -> None:
            while (await receive())["type"] != "http.disconnect":
                pass
            self.left.set()

        watching = asyncio.create_task(watch())
        self.begun.set()
        waiting = asyncio.create_task(self.may_go_on.wait())
        await asyncio.wait([watching, waiting], return_when=asyncio.FIRST_COMPLETED)
        watching.cancel()
        waiting.cancel()


async def test_who_closes_their_side_is_answered_and_told_that_it_is_the_last_time() -> None:
    app = Held()
    async with connected(app) as (reader, writer):
        writer.write(GET.replace(b"/ ", b"/held "))
        writer.write_eof()
        await app.begun.wait()
        await asyncio.sleep(0.01)  # until the end has come too
        app.may_go_on.set()
        assert await reader.read() == LAST
    assert not app.left.is_set()


async def test_all_that_came_whole_before_is_answered_in_turn() -> None:
    app = Held()
    async with connected(app) as (reader, writer):
        writer.write(GET.replace(b"/ ", b"/held ") + GET + GET)
        writer.write_eof()
        await app.begun.wait()
        await asyncio.sleep(0.01)
        app.may_go_on.set()
        assert await reader.read() == KEPT + KEPT + LAST


@pytest.mark.parametrize("asked", [GET[:-2], POST + b"x" * 999, GET + GET[:-2]], ids=["a head", "a body", "a head behind a request"])
async def test_what_is_not_whole_is_waited_for_no_longer(monkeypatch: pytest.MonkeyPatch, asked: bytes) -> None:
    monkeypatch.setattr(http_protocol, "ANSWERED_WITHIN_SECONDS", 60)

    async def app(_: Scope, receive: Receive, send: Send) -> None:
        message: Message = {"more_body": True}
        while message.get("more_body"):
            message = await receive()
        await send({"type": "http.response.start", "status": 200, "headers": [TWO]})
        await send({"type": "http.response.body", "body": b"{}", "more_body": False})

    async with served(app, kept_seconds=60) as (reader, writer, _):
        writer.write(asked)
        writer.write_eof()
        assert await reader.read() in (b"", KEPT, LAST)


@pytest.mark.requirement("DOOR-left")
async def test_who_has_left_is_not_worked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_protocol, "ANSWERED_WITHIN_SECONDS", 0.05)
    app = Held()
    async with served(app) as (_, writer, server):
        writer.write(GET.replace(b"/ ", b"/held "))
        await app.begun.wait()
        writer.close()
        await app.left.wait()
        assert not server.server_state.connections


async def test_over_tls_there_is_no_half_of_a_connection(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    authority = holder("CN=Agency CA,O=Agency", authority=True)
    (tmp_path / "ca.pem").write_bytes(authority.pem)
    trusts, app = ssl.create_default_context(cafile=tmp_path / "ca.pem"), Held()
    async with served(app, certificate=server_certificate(authority).save(tmp_path, "server"), trusts=trusts) as (_, writer, _server):
        writer.write(GET.replace(b"/ ", b"/held "))
        await app.begun.wait()
        writer.close()
        await app.left.wait()
    assert caplog.records == []


async def test_a_process_of_the_node_that_closes_has_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_protocol, "ANSWERED_WITHIN_SECONDS", 60)
    app = Held()
    async with connected(app) as (_, writer):
        writer.write(GET.replace(b"/ ", b"/held ").replace(b"\r\n\r\n", b"\r\nsp-internal: x\r\n\r\n"))
        await app.begun.wait()
        writer.close()
        await app.left.wait()


@pytest.mark.requirement("DOOR-left")
@pytest.mark.parametrize("resets", [False, True], ids=["closes", "resets"])
async def test_who_leaves_several_requests_behind_is_seen_to_have_left_the_first(monkeypatch: pytest.MonkeyPatch, *, resets: bool) -> None:
    monkeypatch.setattr(http_protocol, "ANSWERED_WITHIN_SECONDS", 0.05)
    app = Held()
    async with connected(app) as (_, writer):
        writer.write(GET.replace(b"/ ", b"/held ") + GET)
        await app.begun.wait()
        if resets:
            writer.transport.abort()
        else:
            writer.close()
        await app.left.wait()


async def test_a_long_answer_goes_on_while_it_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_protocol, "ANSWERED_WITHIN_SECONDS", 0.2)

    async def app(_: Scope, __: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"40")]})
        for number in range(40):
            await asyncio.sleep(0.01)
            await send({"type": "http.response.body", "body": b"x", "more_body": number < 39})

    async with connected(app) as (reader, writer):
        writer.write(GET)
        writer.write_eof()
        assert (await reader.read()).endswith(b"\r\n\r\n" + b"x" * 40)


@pytest.mark.requirement("DOOR-bounded")
async def test_the_rest_of_a_refused_body_is_let_in_for_a_time_and_no_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_protocol, "UNREAD_SECONDS", 0.2)
    async with served(saying(200, [TWO], b"{}"), kept_seconds=60) as (reader, writer, server):
        writer.write(GET)
        assert await reader.readexactly(len(KEPT)) == KEPT
        for _ in range(2):  # the rest of the first one comes, and then another request
            writer.write(POST)
            assert await reader.readexactly(len(KEPT)) == KEPT
            writer.write(b"x" * 1000)
        writer.write(GET)
        assert await reader.readexactly(len(KEPT)) == KEPT
        writer.write(POST)
        assert await reader.readexactly(len(KEPT)) == KEPT
        while server.server_state.connections:  # it is ended though its bytes go on coming
            writer.write(b"x")
            await asyncio.sleep(0.01)


async def test_who_has_sent_the_rest_is_kept_as_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_protocol, "UNREAD_SECONDS", 0.05)
    async with served(saying(200, [TWO], b"{}"), kept_seconds=60) as (reader, writer, _):
        writer.write(POST)
        assert await reader.readexactly(len(KEPT)) == KEPT
        writer.write(b"x" * 1000)
        await asyncio.sleep(0.15)
        writer.write(CLOSING)
        assert await reader.read() == LAST
