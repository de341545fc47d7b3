"""Production's way: the gateway in front of services in other processes, over real sockets, streamed both ways."""

import asyncio
import contextlib
from dataclasses import replace
from typing import Any

import pytest
from starlette.types import Receive, Send

from services.gateway.door import bodies
from services.gateway.door.over_network import TAKEN_WHOLE, request_head
from services.gateway.door.route import get
from services.gateway.door.service_call import Call, require_a_problem
from shared.certificates import client_context
from shared.connection_pool import ConnectionPool
from tests.gateway.door.production import CLOSE, PATH, Production, production, status_of

__all__ = ["production"]


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


@pytest.fixture(params=[False, True], ids=["asyncio", "uvloop"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, bool]]:
    """Processes run on uvloop, tests elsewhere on asyncio's own loop."""
    return "asyncio", {"use_uvloop": request.param}


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
async def test_an_answer_that_comes_before_the_end_of_the_body_is_told_and_nothing_more_is_sent(production: Production) -> None:
    async def refuse(_: Receive, send: Send) -> None:
        fields = [(b"content-type", b"application/problem+json"), (b"content-length", b"2")]
        await send({"type": "http.response.start", "status": 409, "headers": fields})
        await send({"type": "http.response.body", "body": b"{}", "more_body": False})

    production.service.act = refuse
    reader, writer = await asyncio.open_connection("127.0.0.1", production.port)
    writer.write(production.request("POST", *ROSTERS) + CHUNK)
    async with asyncio.timeout(5):
        answer = await reader.read()
    writer.close()
    assert status_of(answer) == 409
    production.idle()
    production.service.act = production.service.echo
    assert status_of(await production.ask(production.request("GET", PATH, CLOSE))) == 200


@pytest.mark.anyio
async def test_a_body_that_stops_coming_is_the_callers_fault_and_not_the_services(
    production: Production, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "IDLE_SECONDS", 0.05)
    answer = await production.ask(production.request("POST", *ROSTERS) + CHUNK)
    assert (status_of(answer), b"came too slowly" in answer) == (503, True)
    async with asyncio.timeout(5):
        await production.service.gone.wait()
    assert production.records.breaker.enter(0) is False
    production.idle()


def test_nothing_that_came_to_the_gateway_makes_a_line_of_its_own() -> None:
    pool = ConnectionPool("http://records:8001/inside", client_context(None))
    plain = Call(get("/v1/x", "records"), "GET", "/v1/x", "a=b", {"accept": "*/*"}, False, [], None)
    assert request_head(plain, pool, length=0) == b"GET /inside/v1/x?a=b HTTP/1.1\r\nhost: records:8001\r\naccept: */*\r\n\r\n"
    for headers in ({"accept": "a\r\nsp-internal: b"}, {"accept": "a\nb"}, {"accept": "a\rb"}, {"a\r\nb": "c"}):
        with pytest.raises(ValueError, match="a line within a field"):
            request_head(replace(plain, headers=headers), pool, length=0)


@pytest.mark.anyio
async def test_a_body_stops_at_the_limit(production: Production, monkeypatch: pytest.MonkeyPatch) -> None:
    production.change_route(monkeypatch, "/v1/rosters", "POST", body_bytes=TAKEN_WHOLE + 1)
    answer = await production.ask(production.request("POST", *ROSTERS) + CHUNK * 33 + b"0\r\n\r\n")
    assert status_of(answer) == 413
    assert b"body-too-large" in answer
    assert production.service.received <= TAKEN_WHOLE
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
    labels = {"service": "gateway", "method": "GET", "route": "/v1/exchange-requests/{exchange_id}", "status": "499"}
    assert production.app.state.metrics.registry.get_sample_value("safe_passage_requests_total", labels) == 1


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
async def test_a_small_answer_that_breaks_off_is_told_as_a_fault_since_nothing_of_it_was_sent(production: Production) -> None:
    production.service.act, production.service.promised = production.service.breaking, 10
    answer = await production.ask(production.request("GET", PATH, CLOSE))
    assert status_of(answer) == 503
    assert b'"code":"temporarily-unavailable"' in answer
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
    production.elsewhere(monkeypatch, 1)
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
    assert (status_of(answer), b'"code":"answer-too-late"' in answer, b"retry-after: 5" in answer) == (504, True, True)
    async with asyncio.timeout(5):
        await production.service.gone.wait()
    production.idle()


@pytest.mark.anyio
@pytest.mark.parametrize("status", [500, 502, 599])
async def test_what_a_service_shows_of_its_own_fault_is_shown_to_nobody(production: Production, status: int) -> None:
    async def fail(_: Receive, send: Send) -> None:
        fields = [(b"content-type", b"text/html"), (b"link", b"</canary-of-a-traceback>"), (b"content-length", b"22")]
        await send({"type": "http.response.start", "status": status, "headers": fields})
        await send({"type": "http.response.body", "body": b"canary-of-a-traceback!", "more_body": False})

    production.service.act = fail
    answer = await production.ask(production.request("GET", PATH, CLOSE))
    assert (status_of(answer), b"canary" in answer, b'"code":"temporarily-unavailable"' in answer) == (503, False, True)
    production.idle()


def test_only_problems_pass_as_faults() -> None:
    fields: list[Any] = [(b"content-type", b"application/problem+json")]
    require_a_problem(503, fields)
    require_a_problem(404, [])
    with pytest.raises(Exception, match="the service failed"):
        require_a_problem(500, [(b"content-type", b"text/html")])
