"""Production's way: the gateway in front of services in other processes, over real sockets, streamed both ways."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI
from starlette.types import Message, Receive, Scope, Send

from services.gateway.app import create_app
from services.gateway.door import upstreams
from services.gateway.door.http_protocol import StrictHttpProtocol
from tests.conftest import StandingClock
from tests.gateway.by_hand import Party
from tests.gateway.house import House, open_house

PATH = "/v1/exchange-requests/019a0000-0000-7000-8000-000000000000"
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


@asynccontextmanager
async def serving(app: Application | FastAPI, *, lifespan: str = "off") -> AsyncIterator[int]:
    """The port of a running server."""
    config = uvicorn.Config(
        app,
        port=0,
        host="127.0.0.1",
        http=StrictHttpProtocol,
        ws="none",
        lifespan=lifespan,
        log_config=None,
        log_level=50,
        timeout_graceful_shutdown=1,
    )  # type: ignore[arg-type]  # uvicorn's own types are narrower
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    try:
        while not server.started:  # noqa: ASYNC110 uvicorn offers no event
            await asyncio.sleep(0.005)
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await task


class Service:
    """records, as far as these tests go: what it does is set by each."""

    def __init__(self) -> None:
        self.headers: dict[str, str] = {}
        self.received, self.gone, self.begun = 0, asyncio.Event(), asyncio.Event()
        self.act: Callable[[Receive, Send], Awaitable[None]] = self.echo

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.headers = {name.decode(): value.decode("latin-1") for name, value in scope["headers"]}
        self.begun.set()
        await self.act(receive, send)

    async def echo(self, receive: Receive, send: Send) -> None:
        """Read everything, then say how much it was."""
        more = True
        while more:
            message: Message = await receive()
            self.received, more = self.received + len(message.get("body", b"")), message.get("more_body", False)
            if message["type"] == "http.disconnect":
                self.gone.set()
                return
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
        await send({"type": "http.response.body", "body": b"%d" % self.received, "more_body": False})

    async def silent(self, receive: Receive, send: Send) -> None:
        """Never answer; notice when the caller has left."""
        while (await receive())["type"] != "http.disconnect":
            pass
        self.gone.set()

    async def endless(self, receive: Receive, send: Send) -> None:
        """Answer without end, until the caller has left."""
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
        watch = asyncio.create_task(self.silent(receive, send))
        while not watch.done():
            await send({"type": "http.response.body", "body": b"x" * 65536, "more_body": True})
            self.received += 65536
            await asyncio.sleep(0)

    async def breaking(self, receive: Receive, send: Send) -> None:
        """Break off in the middle of an answer."""
        await send(
            {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json"), (b"content-length", b"10")]}
        )
        await send({"type": "http.response.body", "body": b"12345", "more_body": True})
        raise ConnectionAbortedError


class Production:
    """A gateway process in front of a service process, and a client of it."""

    def __init__(self, house: House, service: Service, port: int, app: FastAPI) -> None:
        self.house, self.service, self.port, self.app = house, service, port, app
        self.party: Party = Party("", "")
        self.token = ""

    def request(self, method: str = "GET", path: str = PATH, *fields: str) -> bytes:
        proof = self.party.proof(self.house.now, method, path, token=self.token)
        lines = [f"{method} {path} HTTP/1.1", "Host: node.example", f"Authorization: DPoP {self.token}", f"DPoP: {proof}", *fields]
        return ("\r\n".join(lines) + "\r\n\r\n").encode()

    async def ask(self, data: bytes) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(data)
        async with asyncio.timeout(10):
            answer = await reader.read()
        writer.close()
        return answer

    def change_route(self, monkeypatch: pytest.MonkeyPatch, template: str, method: str, **about: Any) -> None:
        """Another table, for one test."""
        by_method = self.app.state.door.routes._literal[template]
        monkeypatch.setitem(by_method, method, replace(by_method[method], **about))

    def idle(self) -> None:
        """Nothing of a request is left behind."""
        session = self.app.state.door.upstreams["records"]._session
        assert session.connector._acquired == set()


@pytest.fixture
async def production(tmp_path: Path, node_keys: Path, clock: StandingClock, empty_store: Path) -> AsyncIterator[Production]:
    service = Service()
    async with serving(service) as behind, open_house(tmp_path, node_keys, clock, template=empty_store) as house:
        settings = house.settings.model_copy(update={"sibling_urls": {"records": f"http://127.0.0.1:{behind}"}})
        app = create_app(settings, clock=clock)
        async with serving(app, lifespan="on") as port:
            production = Production(house, service, port, app)
            production.party = await house.sea_party("exchange:request", "records:load", "matches:resolve")
            await app.state.standing.refresh()
            production.token = await house.token(production.party)
            yield production


CLOSE = "Connection: close"


def status_of(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


@pytest.mark.anyio
async def test_a_request_reaches_the_other_process_scrubbed_and_vouched_for(production: Production) -> None:
    answer = await production.ask(production.request("GET", PATH, CLOSE, "Cookie: a=b", "X-Forwarded-For: 10.0.0.1", "sp-internal: forged"))
    assert status_of(answer) == 200
    assert b"content-security-policy: default-src 'none'" in answer
    assert production.service.headers.keys() == {"host", "sp-internal", "traceparent", "x-request-id"}
    assert production.service.headers["sp-internal"].count(".") == 2
    again = production.request("GET", PATH, CLOSE)
    assert [status_of(await production.ask(again)) for _ in range(2)] == [200, 401], "the shared store remembers the proof"
    production.idle()


ROSTERS = ("/v1/rosters", CLOSE, "Content-Type: application/x-ndjson", "Transfer-Encoding: chunked")
CHUNK = b"8000\r\n" + b"x" * 0x8000 + b"\r\n"


@pytest.mark.anyio
async def test_a_large_body_goes_up_as_it_comes(production: Production) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", production.port)
    writer.write(production.request("POST", *ROSTERS) + CHUNK)
    async with asyncio.timeout(5):
        while production.service.received < 0x8000:  # noqa: ASYNC110 the service has it before the caller has sent the rest
            await asyncio.sleep(0.005)
        writer.write(CHUNK + b"0\r\n\r\n")
        answer = await reader.read()
    writer.close()
    assert (status_of(answer), production.service.received) == (200, 0x10000)
    production.idle()


@pytest.mark.anyio
async def test_a_body_stops_at_the_limit(production: Production, monkeypatch: pytest.MonkeyPatch) -> None:
    production.change_route(monkeypatch, "/v1/rosters", "POST", body_bytes=upstreams.TAKEN_WHOLE + 1)
    answer = await production.ask(production.request("POST", *ROSTERS) + CHUNK * 33 + b"0\r\n\r\n")
    assert status_of(answer) == 413
    assert b"body-too-large" in answer
    assert production.service.received <= upstreams.TAKEN_WHOLE
    production.idle()


@pytest.mark.anyio
async def test_a_small_body_reaches_the_service_whole_or_not_at_all(production: Production) -> None:
    fields = ("/v1/exchange-requests", CLOSE, "Content-Type: application/json", "Transfer-Encoding: chunked")
    answer = await production.ask(production.request("POST", *fields) + b"3\r\n{  \r\n1\r\n}\r\n0\r\n\r\n")
    assert (status_of(answer), production.service.received) == (200, 4)
    production.service.begun.clear()
    assert status_of(await production.ask(production.request("POST", *fields) + CHUNK * 3 + b"0\r\n\r\n")) == 413
    _, writer = await asyncio.open_connection("127.0.0.1", production.port)
    writer.write(production.request("POST", *fields) + b"3\r\n{  \r\n")
    await asyncio.sleep(0.05)
    writer.close()
    await asyncio.sleep(0.05)
    assert not production.service.begun.is_set()
    production.idle()


@pytest.mark.anyio
async def test_a_caller_who_leaves_before_the_answer_ends_the_request(production: Production) -> None:
    production.service.act = production.service.silent
    _, writer = await asyncio.open_connection("127.0.0.1", production.port)
    writer.write(production.request())
    async with asyncio.timeout(5):
        await production.service.begun.wait()
        writer.close()
        await production.service.gone.wait()
    await asyncio.sleep(0.01)
    production.idle()


@pytest.mark.anyio
async def test_a_caller_who_leaves_in_the_middle_of_a_body_ends_the_request(production: Production) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", production.port)
    writer.write(production.request("POST", *ROSTERS) + CHUNK)
    async with asyncio.timeout(5):
        await production.service.begun.wait()
        writer.close()
        await production.service.gone.wait()
    await asyncio.sleep(0.01)
    production.idle()


@pytest.mark.anyio
async def test_a_slow_reader_slows_the_service_down_and_one_who_leaves_stops_it(production: Production) -> None:
    production.service.act = production.service.endless
    reader, writer = await asyncio.open_connection("127.0.0.1", production.port, limit=65536)
    writer.write(production.request())
    async with asyncio.timeout(10):
        await reader.readexactly(1024)
        sent = -1
        while sent != production.service.received:  # until nothing moves any more: every buffer on the way is full
            sent = production.service.received
            await asyncio.sleep(0.2)
        assert sent < 32 * 1024 * 1024, "nothing on the way keeps what the reader does not take"
        writer.close()
        await production.service.gone.wait()
    await asyncio.sleep(0.05)
    production.idle()


@pytest.mark.anyio
async def test_an_answer_that_breaks_off_is_broken_off(production: Production) -> None:
    production.service.act = production.service.breaking
    answer = b""
    with contextlib.suppress(ConnectionResetError):
        answer = await production.ask(production.request())
    assert not answer.endswith(b"0\r\n\r\n")
    assert len(answer.partition(b"\r\n\r\n")[2]) <= 5
    production.idle()


@pytest.mark.anyio
async def test_a_service_that_does_not_answer_is_a_503(production: Production, monkeypatch: pytest.MonkeyPatch) -> None:
    upstream = production.app.state.door.upstreams["records"]
    monkeypatch.setattr(upstream, "_base_url", "http://127.0.0.1:1")
    answer = await production.ask(production.request("GET", PATH, CLOSE))
    assert status_of(answer) == 503
    assert b"temporarily-unavailable" in answer
    assert b"retry-after: 5" in answer
    privacy = await production.ask(production.request("GET", "/v1/decisions/019a0000-0000-7000-8000-000000000000", CLOSE))
    assert status_of(privacy) == 403
    production.idle()


@pytest.mark.anyio
async def test_a_service_that_is_too_slow_is_given_up(production: Production, monkeypatch: pytest.MonkeyPatch) -> None:
    production.service.act = production.service.silent
    production.change_route(monkeypatch, "/v1/matches", "GET", answer_seconds=0.05)
    answer = await production.ask(production.request("GET", "/v1/matches", CLOSE))
    assert status_of(answer) == 503
    async with asyncio.timeout(5):
        await production.service.gone.wait()
    production.idle()


def test_only_problems_pass_as_faults() -> None:
    fields: list[Any] = [(b"content-type", b"application/problem+json")]
    upstreams.require_a_problem(503, fields)
    upstreams.require_a_problem(404, [])
    with pytest.raises(Exception, match="the service failed"):
        upstreams.require_a_problem(500, [(b"content-type", b"text/html")])
