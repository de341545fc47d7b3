"""A service that fails: what may be sent again is, once; where it fails too often nobody waits for it."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from itertools import chain, repeat
from uuid import uuid4

import pytest
from starlette.types import Receive, Send

from services.gateway.door.circuit_breaker import LEAST, PAUSE_SECONDS
from shared.connection_pool import ConnectionPool
from shared.service_connection import NotConnected, ServiceConnection
from tests.gateway.door.production import CLOSE, PATH, Production, production, status_of

__all__ = ["production"]

POST = "/v1/exchange-requests"
PUSHES = "/v1/ed-fi-pushes"
BODY = b'{"whatever":"it is"}'
ANSWER = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}"


class Fickle:
    """A service that hangs up on some requests instead of answering them, after it has read them."""

    def __init__(self, answers: Iterator[bool]) -> None:
        self._answers, self.heard, self.head = answers, 0, b""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                self.head = head.lower()
                lengths = [line for line in self.head.split(b"\r\n") if line.startswith(b"content-length:")]
                await reader.readexactly(int(lengths[0].split(b":")[1]) if lengths else 0)
                self.heard += 1
                if not next(self._answers):
                    break
                writer.write(ANSWER)
        except asyncio.IncompleteReadError:
            pass
        finally:
            writer.close()


async def standing(production: Production) -> tuple[bytes, float | None]:
    """What readiness tells everybody, and a counter those inside."""
    ready = await production.ask(b"GET /readyz HTTP/1.1\r\nHost: node.example\r\nConnection: close\r\n\r\n")
    registry = production.app.state.metrics.registry
    assert (status_of(ready), b"records" in ready) == (200, False)
    return ready.partition(b'"status":"')[2].partition(b'"')[0], registry.get_sample_value(
        "safe_passage_service_left_alone", {"upstream": "records"}
    )


@asynccontextmanager
async def fickle(production: Production, monkeypatch: pytest.MonkeyPatch, *answers: bool) -> AsyncIterator[Fickle]:
    service = Fickle(chain(answers, repeat(True)))
    server = await asyncio.start_server(service.serve, "127.0.0.1", 0)
    production.elsewhere(monkeypatch, server.sockets[0].getsockname()[1])
    yield service
    server.close()


def post(production: Production, *fields: str, path: str = POST) -> bytes:
    about = ("Content-Type: application/json", f"Content-Length: {len(BODY)}", CLOSE, *fields)
    return production.request("POST", path, *about) + BODY


@pytest.mark.anyio
@pytest.mark.requirement("DOOR-again")
async def test_what_a_key_makes_the_same_is_sent_again_once_when_the_service_hangs_up(
    production: Production, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with fickle(production, monkeypatch, False) as service:
        assert status_of(await production.ask(post(production, f"Idempotency-Key: {uuid4()}"))) == 200
        assert (service.heard, b"idempotency-key" in service.head) == (2, True)
    async with fickle(production, monkeypatch, False, False) as service:
        assert status_of(await production.ask(post(production, f"Idempotency-Key: {uuid4()}"))) == 503
        assert service.heard == 2


@pytest.mark.anyio
@pytest.mark.requirement("DOOR-again")
async def test_what_could_have_had_its_effect_is_not_sent_again(production: Production, monkeypatch: pytest.MonkeyPatch) -> None:
    async with fickle(production, monkeypatch, False) as service:
        assert status_of(await production.ask(post(production))) == 503
        assert service.heard == 1


@pytest.mark.anyio
@pytest.mark.requirement("DOOR-again")
async def test_a_key_makes_nothing_the_same_where_the_operation_takes_none(production: Production, monkeypatch: pytest.MonkeyPatch) -> None:
    production.party = await production.house.sea_party("records:read")
    await production.app.state.standing.refresh()
    production.token = await production.house.token(production.party)
    key = f"Idempotency-Key: {uuid4()}"
    async with fickle(production, monkeypatch, False) as service:
        assert status_of(await production.ask(post(production, key, path=PUSHES))) == 503
        assert service.heard == 1, "a push goes to a system outside: sent twice it is done twice"
    async with fickle(production, monkeypatch) as service:
        assert status_of(await production.ask(post(production, key, path=PUSHES))) == 200
        assert b"idempotency-key" not in service.head, "nor does who does not take it see it"


@pytest.mark.anyio
@pytest.mark.requirement("DOOR-again")
async def test_a_kept_connection_that_the_service_closes_just_then_fails_no_request_that_may_be_sent_twice(
    production: Production, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with fickle(production, monkeypatch, True, False) as service:
        assert [status_of(await production.ask(production.request("GET", PATH, CLOSE))) for _ in range(2)] == [200, 200]
        assert service.heard == 3
    async with fickle(production, monkeypatch, True, False) as service:
        assert [status_of(await production.ask(post(production))) for _ in range(2)] == [200, 503]
        assert service.heard == 2
    async with fickle(production, monkeypatch, False) as service:
        assert status_of(await production.ask(production.request("GET", PATH, CLOSE))) == 503
        assert service.heard == 1, "it was a new connection: the service has heard the request, and hung up on it"


@pytest.mark.anyio
async def test_what_was_never_sent_is_sent_again(production: Production, monkeypatch: pytest.MonkeyPatch) -> None:
    connect, failures = ConnectionPool._connected, [NotConnected()]

    async def refused_once(pool: ConnectionPool) -> ServiceConnection:
        if failures:
            raise failures.pop()
        return await connect(pool)

    monkeypatch.setattr(ConnectionPool, "_connected", refused_once)
    assert status_of(await production.ask(post(production))) == 200
    assert (failures, production.service.received) == ([], len(BODY))


@pytest.mark.anyio
async def test_without_budget_nothing_is_sent_again(production: Production, monkeypatch: pytest.MonkeyPatch) -> None:
    budget = production.records.retries
    while budget.spend():
        pass
    async with fickle(production, monkeypatch, False) as service:
        assert status_of(await production.ask(post(production, f"Idempotency-Key: {uuid4()}"))) == 503
        assert service.heard == 1


@pytest.mark.anyio
@pytest.mark.requirement("DOOR-breaker")
async def test_a_service_that_fails_too_often_is_left_alone_and_asked_again_later(
    production: Production, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 100.0
    upstream = production.records
    monkeypatch.setattr(upstream, "_seconds", lambda: now)
    working = upstream.pool
    production.elsewhere(monkeypatch, 1)
    for _ in range(LEAST):
        assert status_of(await production.ask(production.request("GET", PATH, CLOSE))) == 503
    monkeypatch.setattr(upstream, "pool", working)
    production.service.begun.clear()
    refused = await production.ask(production.request("GET", PATH, CLOSE))
    assert (status_of(refused), b"retry-after: 5" in refused, production.service.begun.is_set()) == (503, True, False)
    assert await standing(production) == (b"degraded", 1.0)
    now += PAUSE_SECONDS
    for _ in range(2):
        assert status_of(await production.ask(production.request("GET", PATH, CLOSE))) == 200
    assert await standing(production) == (b"ready", 0.0)
    production.idle()


@pytest.mark.anyio
async def test_a_service_that_says_what_is_wrong_has_not_failed(production: Production) -> None:
    async def unavailable(_: Receive, send: Send) -> None:
        fields = [(b"content-type", b"application/problem+json"), (b"content-length", b"2")]
        await send({"type": "http.response.start", "status": 503, "headers": fields})
        await send({"type": "http.response.body", "body": b"{}", "more_body": False})

    production.service.act = unavailable
    for _ in range(LEAST + 1):
        assert status_of(await production.ask(production.request("GET", PATH, CLOSE))) == 503
    assert production.service.begun.is_set()
    assert not production.records.breaker.is_open
