"""A gateway process in front of a service process, over real sockets, and a client of it."""

import asyncio
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
from services.gateway.door.http_protocol import StrictHttpProtocol
from services.gateway.door.over_network import OverNetwork
from shared.certificates import client_context
from shared.connection_pool import ConnectionPool
from tests.conftest import StandingClock
from tests.gateway.by_hand import Party
from tests.gateway.house import House, open_house

PATH = "/v1/exchange-requests/019a0000-0000-7000-8000-000000000000"
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


@asynccontextmanager
async def serving(app: Application | FastAPI, *, lifespan: str = "off", port: int = 0) -> AsyncIterator[int]:
    """The port of a running server."""
    async with served(app, lifespan=lifespan, port=port) as server:
        yield port_of(server)


def port_of(server: uvicorn.Server) -> int:
    port: int = server.servers[0].sockets[0].getsockname()[1]
    return port


@asynccontextmanager
async def served(app: Application | FastAPI, *, lifespan: str = "off", port: int = 0) -> AsyncIterator[uvicorn.Server]:
    """A running server."""
    config = uvicorn.Config(
        app,
        port=port,
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
        yield server
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

    promised = 1_000_000

    async def breaking(self, receive: Receive, send: Send) -> None:
        """Break off in the middle of an answer of `promised` bytes."""
        length = (b"content-length", b"%d" % self.promised)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json"), length]})
        await send({"type": "http.response.body", "body": b"12345", "more_body": True})
        raise ConnectionAbortedError


class Production:
    """A gateway process in front of a service process, and a client of it."""

    def __init__(self, house: House, service: Service, server: uvicorn.Server, app: FastAPI) -> None:
        self.house, self.service, self.server, self.app = house, service, server, app
        self.port = port_of(server)
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
        by_method = self.app.state.door.entrances.public.routes._literal[template]
        monkeypatch.setitem(by_method, method, replace(by_method[method], **about))

    def idle(self) -> None:
        """Nothing of a request is left behind."""
        assert self.records.pool.taken == 0
        assert not [task for task in asyncio.all_tasks() if "_send_up" in repr(task.get_coro())]

    @property
    def records(self) -> OverNetwork:
        """How the gateway reaches the service."""
        upstream = self.app.state.door.upstreams["records"]
        assert isinstance(upstream, OverNetwork)
        return upstream

    def elsewhere(self, monkeypatch: pytest.MonkeyPatch, port: int) -> None:
        """The service is somewhere else, for one test."""
        monkeypatch.setattr(self.records, "pool", ConnectionPool(f"http://127.0.0.1:{port}", client_context(None)))


@pytest.fixture
async def production(tmp_path: Path, node_keys: Path, clock: StandingClock, empty_store: Path) -> AsyncIterator[Production]:
    service = Service()
    async with serving(service) as behind, open_house(tmp_path, node_keys, clock, template=empty_store) as house:
        settings = house.settings.model_copy(update={"sibling_urls": {"records": f"http://127.0.0.1:{behind}"}})
        app = create_app(settings, clock=clock)
        async with served(app, lifespan="on") as server:
            production = Production(house, service, server, app)
            production.party = await house.sea_party("exchange:request", "records:load", "matches:resolve")
            await app.state.standing.refresh()
            production.token = await house.token(production.party)
            yield production


CLOSE = "Connection: close"


def status_of(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])
