"""A caller leaves, at whatever point: nothing of the request is left, at the gateway or at the service, and the next one is answered."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Final

import pytest
from starlette.types import Receive, Send

from services.gateway.door import http_protocol
from services.gateway.door.callers_leaving import LOOKED_FOR_AFTER
from shared.connection_pool import CONNECTIONS
from tests.gateway.door.production import CLOSE, PATH, Production, production, status_of

__all__ = ["production"]

KIND: Final = "Content-Type: application/json"
WAIT: Final = "Expect: 100-continue"
LARGE: Final = ("/v1/rosters", "Content-Type: application/x-ndjson", "Transfer-Encoding: chunked")


@pytest.fixture(params=[False, True], ids=["asyncio", "uvloop"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, bool]]:
    """Both loops close connections in ways of their own."""
    return "asyncio", {"use_uvloop": request.param}


class Caller:
    """A connection, and where the caller leaves it."""

    def __init__(self, production: Production, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.production, self.reader, self.writer = production, reader, writer

    def say(self, data: bytes) -> None:
        self.writer.write(data)

    async def within_the_head(self) -> None:
        self.say(self.production.request()[:-20])
        await self.writer.drain()

    async def at_the_end_of_the_head(self) -> None:
        self.say(self.production.request())
        await self.writer.drain()

    async def within_a_body_that_is_taken_whole_first(self) -> None:
        self.say(self.production.request("POST", "/v1/exchange-requests", KIND, WAIT, "Content-Length: 100"))
        await self.reader.readuntil(b"100 Continue\r\n\r\n")
        self.say(b"{")

    async def within_a_body_that_is_passed_on(self) -> None:
        self.say(self.production.request("POST", *LARGE) + b"1\r\nx\r\n")
        await self.production.service.begun.wait()

    async def before_the_service_answers(self) -> None:
        self.production.service.act = self.production.service.silent
        self.say(self.production.request("POST", "/v1/exchange-requests", KIND, "Content-Length: 2") + b"{}")
        await self.production.service.begun.wait()

    async def behind_the_head_of_the_answer(self) -> None:
        async def head_alone(receive: Receive, send: Send) -> None:
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
            await send({"type": "http.response.body", "body": b" ", "more_body": True})
            await self.production.service.silent(receive, send)

        self.production.service.act = head_alone
        self.say(self.production.request())
        await self.reader.readuntil(b"\r\n\r\n")

    async def within_the_body_of_the_answer(self) -> None:
        self.production.service.act = self.production.service.endless
        self.say(self.production.request())
        await self.reader.readuntil(b"\r\n\r\n")
        sent = -1
        while sent != self.production.service.received:  # until every buffer on the way is full
            sent = self.production.service.received
            for _ in range(1000):
                await asyncio.sleep(0)

    async def within_a_refusal_that_asks_for_a_nonce(self) -> None:
        self.say(f"GET {PATH} HTTP/1.1\r\nHost: node.example\r\nAuthorization: DPoP {self.production.token}\r\n\r\n".encode())
        await self.writer.drain()

    async def within_a_request_for_a_token(self) -> None:
        fields = "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\nExpect: 100-continue"
        self.say(f"POST /oauth/token HTTP/1.1\r\nHost: node.example\r\n{fields}\r\n\r\n".encode())
        await self.reader.readuntil(b"100 Continue\r\n\r\n")


POINTS: Final[dict[Callable[[Caller], Awaitable[None]], bool]] = {
    Caller.within_the_head: False,
    Caller.at_the_end_of_the_head: False,
    Caller.within_a_body_that_is_taken_whole_first: False,
    Caller.within_a_body_that_is_passed_on: True,
    Caller.before_the_service_answers: True,
    Caller.behind_the_head_of_the_answer: True,
    Caller.within_the_body_of_the_answer: True,
    Caller.within_a_refusal_that_asks_for_a_nonce: False,
    Caller.within_a_request_for_a_token: False,
}
"""And whether the service has to be told of it by then."""


def standing(production: Production) -> dict[str, object]:
    """All that a request has while it is under way."""
    pool, state = production.records.pool, production.server.server_state
    return {
        "connections of callers": len(state.connections),
        "requests under way": len(state.tasks),
        "connections to the service that carry one": pool.taken,
        "room for more of them": pool._slots._value,
        "callers who are looked for": len(production.records._callers._waiting),
        "tasks": Counter(
            getattr(task.get_coro(), "__qualname__", "") for task in asyncio.all_tasks() if task is not asyncio.current_task()
        ),
    }


async def returned(production: Production, before: dict[str, object]) -> None:
    """Raises TimeoutError where something stays."""
    try:
        async with asyncio.timeout(5):
            while standing(production) != before:  # noqa: ASYNC110 each of them ends by itself
                await asyncio.sleep(0.001)
    except TimeoutError:
        assert standing(production) == before


@pytest.mark.anyio
@pytest.mark.requirement("DOOR-left")
@pytest.mark.parametrize("point", POINTS, ids=lambda point: point.__name__)
async def test_of_a_caller_who_leaves_nothing_stays(
    production: Production, point: Callable[[Caller], Awaitable[None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_protocol, "ANSWERED_WITHIN_SECONDS", 0.05)
    service, answering = production.service, production.service.act
    small = production.request("POST", "/v1/exchange-requests", KIND, "Content-Length: 2", CLOSE) + b"{}"
    assert status_of(await production.ask(small)) == 200
    async with asyncio.timeout(5):
        state = production.server.server_state
        while state.connections or state.tasks:  # noqa: ASYNC110 the first caller's own is being closed, and its request ended
            await asyncio.sleep(0.001)
    before, kept = standing(production), len(production.records.pool._idle)
    assert (before["room for more of them"], kept) == (CONNECTIONS, 1)
    for resets in (False, True):
        service.begun.clear()
        service.gone.clear()
        caller = Caller(production, *await asyncio.open_connection("127.0.0.1", production.port, limit=1024))
        async with asyncio.timeout(5):
            await point(caller)
            if resets:
                caller.writer.transport.abort()
            else:
                caller.writer.close()
            if POINTS[point]:
                await service.gone.wait()
        del caller
        await returned(production, before)
        assert len(production.records.pool._idle) <= 1
        if POINTS[point]:
            assert production.records.pool._idle == [], "what carried it is not used again"
        service.act = answering
        again = production.request("GET", PATH, CLOSE)
        assert status_of(await production.ask(again)) == 200
        await returned(production, before)
        assert len(production.records.pool._idle) == kept
    assert not production.records.breaker._failed, "who leaves says nothing of the service"


@pytest.mark.anyio
async def test_who_closes_their_side_alone_is_answered_by_the_service_though_it_takes_its_time(production: Production) -> None:
    service, answering = production.service, production.service.act

    async def slowly(receive: Receive, send: Send) -> None:
        await asyncio.sleep(2 * LOOKED_FOR_AFTER)
        await answering(receive, send)

    service.act = slowly
    before = standing(production)
    reader, writer = await asyncio.open_connection("127.0.0.1", production.port)
    writer.write(production.request())
    writer.write_eof()
    async with asyncio.timeout(5):
        assert status_of(await reader.read()) == 200
    writer.close()
    await returned(production, before)
