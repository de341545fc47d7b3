"""How long a request and its answer may take in all. The loop's clock is set forward: nobody waits."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from math import inf

import pytest
from starlette.types import Receive, Send

from services.gateway.door import circuit_breaker
from services.gateway.door.over_network import TAKEN_WHOLE
from services.gateway.door.route import MIB, TOTAL_SECONDS
from services.gateway.door.routing_table import LASTING, ROUTES
from services.gateway.door.upstreams import SameProcess
from shared.certificates import client_context
from shared.connection_pool import CONNECT_SECONDS, ConnectionPool
from shared.service_connection import NotConnected
from shared.siblings import InProcess
from tests.gateway.door.production import CLOSE, Production, production, status_of

__all__ = ["production"]

pytestmark = pytest.mark.anyio

STEP = 14.0
"""Shorter than any pause that is too long."""
STEPS = int(TOTAL_SECONDS / STEP) + 1
pytestmark = pytest.mark.anyio
Forward = Callable[[float], Awaitable[None]]


@pytest.fixture
async def forward() -> Forward:
    """Set the loop's clock forward, and let everything happen that was to happen by then. It is never set back: timers wait by it."""
    loop, ahead = asyncio.get_running_loop(), 0.0
    now = loop.time
    vars(loop)["time"] = lambda: now() + ahead

    async def go(seconds: float) -> None:
        nonlocal ahead
        ahead += seconds
        for _ in range(10):
            await asyncio.sleep(0)

    return go


class Dripping:
    """A service that answers a part of a thousand bytes whenever it is told to, and then an end."""

    def __init__(self) -> None:
        self.told: asyncio.Queue[bool] = asyncio.Queue()
        self.gone = asyncio.Event()

    async def __call__(self, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
        try:
            while await self.told.get():
                await send({"type": "http.response.body", "body": b"x" * 1000, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            self.gone.set()


async def drip(production: Production, forward: Forward) -> bytes:
    """What a caller has of an answer that comes for STEPS times STEP seconds."""
    service = production.service.act = Dripping()
    reader, writer = await asyncio.open_connection("127.0.0.1", production.port)
    writer.write(production.request("GET", "/v1/matches", CLOSE))
    answer = b""
    async with asyncio.timeout(600):
        with contextlib.suppress(ConnectionResetError, asyncio.IncompleteReadError):
            for _ in range(STEPS):
                service.told.put_nowait(True)
                answer += await reader.readuntil(b"x" * 1000)
                await forward(STEP)
            service.told.put_nowait(False)
            answer += await reader.read()
    writer.close()
    return answer


@pytest.mark.requirement("DOOR-time")
async def test_an_answer_that_has_begun_and_does_not_end_in_the_time_of_its_route_is_broken_off(
    production: Production, forward: Forward, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(circuit_breaker, "LEAST", 1)
    answer = await drip(production, forward)
    assert (status_of(answer), answer.count(b"x" * 1000), answer.endswith(b"0\r\n\r\n")) == (200, STEPS, False)
    assert production.records.is_left_alone, "it is the service that has not ended in its time"
    production.idle()


async def test_an_answer_of_a_route_that_lasts_takes_as_long_as_it_takes(
    production: Production, forward: Forward, monkeypatch: pytest.MonkeyPatch
) -> None:
    production.change_route(monkeypatch, "/v1/matches", "GET", total_seconds=inf)
    answer = await drip(production, forward)
    assert (status_of(answer), answer.count(b"x" * 1000), answer.endswith(b"0\r\n\r\n")) == (200, STEPS, True)
    production.idle()


async def until_it_waits(production: Production) -> None:
    """Until the service has to wait with the rest of its answer, as nobody takes what it has given."""
    given, still = -1, 0
    while still < 200:
        given, still = production.service.received, still + 1 if given == production.service.received else 0
        await asyncio.sleep(0)


async def test_who_takes_an_answer_slowly_holds_it_no_longer_than_its_route_says(
    production: Production, forward: Forward, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(circuit_breaker, "LEAST", 1)
    production.service.act = production.service.endless
    reader, writer = await asyncio.open_connection("127.0.0.1", production.port, limit=65536)
    writer.write(production.request("GET", "/v1/matches", CLOSE))
    async with asyncio.timeout(600):
        for _ in range(STEPS):
            await reader.readexactly(8 * MIB)  # more than the kernel keeps
            await until_it_waits(production)
            await forward(STEP)
        await production.service.gone.wait()
        while production.server.server_state.connections:  # noqa: ASYNC110 what was sent is not taken, and nobody waits until it is
            await asyncio.sleep(0)
    writer.close()
    assert not production.records.is_left_alone, "slow readers do not keep others from a service that has not failed"
    production.idle()


async def test_a_small_body_that_comes_steadily_but_too_slowly_for_its_route_is_not_waited_for(
    production: Production, forward: Forward
) -> None:
    production.service.begun.clear()
    reader, writer = await asyncio.open_connection("127.0.0.1", production.port)
    about = (CLOSE, "Content-Type: application/json", f"Content-Length: {MIB}", "Expect: 100-continue")
    writer.write(production.request("POST", "/v1/students", *about))
    await reader.readuntil(b"100 Continue\r\n\r\n")
    for _ in range(STEPS):
        writer.write(b"x" * 64 * 1024)
        await writer.drain()
        await forward(STEP)
    answer = await reader.read()
    writer.close()
    assert (status_of(answer), b"came too slowly" in answer, production.service.begun.is_set()) == (503, True, False)
    production.idle()


@pytest.mark.requirement("DOOR-time")
async def test_an_answer_that_has_not_begun_is_told_to_be_too_late_when_the_time_of_the_whole_is_over(
    production: Production, forward: Forward, monkeypatch: pytest.MonkeyPatch
) -> None:
    production.change_route(monkeypatch, "/v1/matches", "GET", answer_seconds=1000.0)
    production.service.act = production.service.silent
    reader, writer = await asyncio.open_connection("127.0.0.1", production.port)
    writer.write(production.request("GET", "/v1/matches", CLOSE))
    await production.service.begun.wait()
    await forward(TOTAL_SECONDS - 1)
    assert not production.service.gone.is_set()
    await forward(1)
    answer = await reader.read()
    writer.close()
    assert (status_of(answer), b'"code":"answer-too-late"' in answer) == (504, True)
    await production.service.gone.wait()
    production.idle()


async def test_in_the_same_process_too_an_answer_comes_in_its_time_or_is_told_to_be_too_late(
    production: Production, forward: Forward, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = asyncio.Event()

    async def silent(scope: object, receive: Receive, send: Send) -> None:
        begun.set()
        await asyncio.Event().wait()

    transport = InProcess()
    transport.app = silent
    monkeypatch.setitem(production.app.state.door.upstreams, "records", SameProcess(transport))
    reader, writer = await asyncio.open_connection("127.0.0.1", production.port)
    writer.write(production.request("GET", "/v1/matches", CLOSE))
    await begun.wait()
    await forward(10)
    answer = await reader.read()
    writer.close()
    assert (status_of(answer), b'"code":"answer-too-late"' in answer) == (504, True)


async def test_a_service_that_takes_no_connection_within_a_second_is_away(forward: Forward) -> None:
    came, over = asyncio.Event(), asyncio.Event()

    async def silent(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.set()
        await over.wait()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    pool = ConnectionPool(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}", client_context(None), most=1)
    for _ in range(2):
        came.clear()
        taking = asyncio.create_task(pool.take(inf))
        await came.wait()
        await forward(0.9)
        assert not taking.done()
        await forward(0.1)
        with pytest.raises(NotConnected):
            await taking
        assert pool.taken == 0
    assert CONNECT_SECONDS == 1.0
    over.set()
    server.close()
    await server.wait_closed()


@pytest.mark.requirement("DOOR-time")
def test_what_lasts_is_what_is_large_and_says_so_in_the_table() -> None:
    routes = {(route.method, route.template): route for route in ROUTES if route.service != "gateway"}
    assert routes.keys() >= LASTING
    assert {key for key, route in routes.items() if route.total_seconds == inf} == LASTING
    assert {route.total_seconds for key, route in routes.items() if key not in LASTING} == {TOTAL_SECONDS}
    large = {
        key for key, route in routes.items() if route.body_bytes > TAKEN_WHOLE or route.streams or route.answer_seconds > TOTAL_SECONDS
    }
    assert large <= LASTING, "their time would be over before they are through"
    assert {template for _, template in LASTING - large} == {
        "/v1/log/exports/parts",
        "/v1/peer/outbox/{kind}",
        "/v1/students/{student_id}/disclosure-accounting/document",
    }, "and these hand out much"
