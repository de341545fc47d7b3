"""How a request reaches the service that answers it: by a call in the same process, or by HTTP, streamed both ways.

In process the body and the answer are bounded and whole, but for routes that stream. Over HTTP a small body is taken whole before the
service is troubled with it, so that a slow sender costs it nothing; of a large one, and of every answer, nothing is kept but a chunk: a
slow reader slows the service down, a reader who leaves stops it. A service that fails too often is left alone for a while.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

import aiohttp
from starlette.types import ASGIApp, Message, Receive, Send
from yarl import URL

from safepassage.problems.requests import BodyTooLarge, TemporarilyUnavailable
from services.gateway.door.bodies import IDLE_SECONDS, CallerGone, chunks, whole
from services.gateway.door.callers_leaving import stopped_when_left
from services.gateway.door.circuit_breaker import CircuitBreaker, Outcome, RetryBudget
from services.gateway.door.headers import Fields, returned
from services.gateway.door.route import Route
from shared.certificates import client_context
from shared.in_process import call, scope_of
from shared.internal_token import HEADER
from shared.settings import ServiceSettings
from shared.siblings import InProcess, Transport
from shared.who_may_call import ServiceName

CONNECT_SECONDS: Final = 2.0
CONNECTIONS: Final = 256
CHUNK: Final = 256 * 1024
TAKEN_WHOLE: Final = 1024 * 1024
"""Bodies of routes that take no more than this are taken whole first."""
PROBLEM: Final = b"application/problem+json"


@dataclass(frozen=True)
class Call:
    """A request as a service gets it."""

    route: Route
    method: str
    raw_path: str
    query: str
    headers: dict[str, str]
    has_body: bool
    answer_headers: Fields
    """Put on every answer: security headers, the request's id."""
    internal_token: Callable[[], str] | None
    """The gateway's word of who calls, made when the request goes on: it lasts seconds."""

    def fields(self) -> dict[str, str]:
        """The header, now."""
        return self.headers if self.internal_token is None else {**self.headers, HEADER: self.internal_token()}


class Upstream(Protocol):
    """A service behind the door."""

    async def forward(self, request: Call, receive: Receive, send: Send) -> int:
        """Have it answered; gives the status. Raises SuiteError before the answer has begun, ConnectionAbortedError after."""
        ...

    async def close(self) -> None:
        """Close connections."""
        ...


class SameProcess:
    """A sibling of the embedded node."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def forward(self, request: Call, receive: Receive, send: Send) -> int:
        """Call it with the whole body, send its whole answer; or a part at a time, on a route that streams."""
        if request.route.streams and isinstance(self._transport, InProcess) and self._transport.app is not None:
            return await _Streaming(request, receive, send).go(self._transport.app)
        body = await whole(receive, limit=request.route.body_bytes) if request.has_body else b""
        transport = self._transport
        try:
            async with asyncio.timeout(request.route.answer_seconds):
                if isinstance(transport, InProcess) and transport.app is not None:
                    arguments = (transport.app, request.method, request.raw_path)
                    answer = await call(*arguments, query=request.query, headers=request.fields(), body=body)
                else:
                    answer = await transport.send(request.method, request.raw_path, request.query, request.fields(), body)
        except (OSError, TimeoutError) as error:
            raise TemporarilyUnavailable("the service does not answer") from error
        given = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers.items()]
        require_a_problem(answer.status, given)
        headers = [*returned([field for field in given if field[0] != b"content-length"]), *request.answer_headers]
        headers.append((b"content-length", str(len(answer.body)).encode()))
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body, "more_body": False})
        return answer.status

    async def close(self) -> None:
        """Nothing to close."""


class _Streaming:
    """A large request in the same process: neither its body nor its answer is ever whole in memory."""

    def __init__(self, request: Call, receive: Receive, send: Send) -> None:
        self._request, self._receive, self._send = request, receive, send
        self._parts = aiter(chunks(receive, limit=request.route.body_bytes)) if request.has_body else None
        self._failure: Exception | None = None
        self._status = 0

    async def go(self, app: ASGIApp) -> int:
        request = self._request
        scope = scope_of(request.method, request.raw_path, query=request.query, headers=request.fields())
        try:
            async with asyncio.timeout(request.route.answer_seconds) as limit:
                self._limit = limit
                await app(scope, self._take, self._give)
        except TimeoutError as error:
            raise TemporarilyUnavailable("the service does not answer") from error
        if self._failure is not None and not self._status:
            raise self._failure
        return self._status

    async def _take(self) -> Message:
        """The next part of the body. What is wrong with it is told by the gateway itself; the service sees that the caller has left."""
        if self._parts is None:
            return await self._receive()
        try:
            part = await anext(self._parts, None)
        except (BodyTooLarge, CallerGone, TimeoutError) as error:
            self._failure = error
            return {"type": "http.disconnect"}
        if part is None:
            self._parts = None
        return {"type": "http.request", "body": part or b"", "more_body": part is not None}

    async def _give(self, message: Message) -> None:
        """A part of the answer. Raises TemporarilyUnavailable for a fault that is no problem document."""
        if self._failure is not None and not self._status:
            return
        if message["type"] == "http.response.start":
            self._limit.reschedule(None)
            given = list(message["headers"])
            require_a_problem(message["status"], given)
            self._status = message["status"]
            message = {**message, "headers": [*returned(given), *self._request.answer_headers]}
        await self._send(message)


class OverNetwork:
    """A service in another process."""

    def __init__(self, base_url: str, session: aiohttp.ClientSession, *, seconds: Callable[[], float] = time.monotonic) -> None:
        self._base_url, self._session, self._seconds = base_url.rstrip("/"), session, seconds
        self.breaker, self.retries = CircuitBreaker(), RetryBudget()

    async def forward(self, request: Call, receive: Receive, send: Send) -> int:
        """Stream it there and back, unless the service is left alone; stop as soon as the caller leaves."""
        probe = self.breaker.enter(self._seconds())
        outcome: Outcome = "left"
        try:
            status = await self._watched(request, receive, send)
            outcome = "answered"
        except (TemporarilyUnavailable, ConnectionAbortedError):
            outcome = "failed"
            raise
        finally:
            self.breaker.leave(outcome, self._seconds(), probe=probe)
        return status

    async def _watched(self, request: Call, receive: Receive, send: Send) -> int:
        sent, failure = asyncio.Event(), list[Exception]()
        data: bytes | AsyncIterator[bytes] | None = None
        if request.has_body and request.route.body_bytes > TAKEN_WHOLE:
            data = _upload(receive, request.route.body_bytes, sent, failure)
        else:
            data = await whole(receive, limit=request.route.body_bytes) if request.has_body else None
            sent.set()
        async with stopped_when_left(receive, sent):
            return await self._exchange(request, data, send, failure)

    async def _exchange(self, request: Call, data: bytes | AsyncIterator[bytes] | None, send: Send, failure: list[Exception]) -> int:
        """Raises TemporarilyUnavailable while nothing is answered yet, ConnectionAbortedError after."""
        self.retries.earn()
        begun = False
        try:
            async with asyncio.timeout(request.route.answer_seconds) as limit:
                response = await self._sent_with_another_try(request, data)
                try:
                    fields = [(name.lower(), value) for name, value in response.raw_headers]
                    require_a_problem(response.status, fields)
                    start = {
                        "type": "http.response.start",
                        "status": response.status,
                        "headers": [*returned(fields), *request.answer_headers],
                    }
                    if (response.content_length or CHUNK) < CHUNK or response.content.at_eof():
                        # It is there at once, or fails while another answer can still be given.
                        body = await response.read()
                        begun = True
                        await send(start)
                        await send({"type": "http.response.body", "body": body, "more_body": False})
                    else:
                        begun = True
                        await send(start)
                        await self._stream(response, send, limit)
                    return response.status
                finally:
                    response.close()
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            if begun:
                raise ConnectionAbortedError from None
            if failure:
                raise failure[0] from error
            raise TemporarilyUnavailable("the service does not answer") from error

    async def _stream(self, response: aiohttp.ClientResponse, send: Send, limit: asyncio.Timeout) -> None:
        """Send the body chunk by chunk, as fast as the caller takes it; the service may pause for IDLE_SECONDS."""
        seconds = asyncio.get_running_loop().time
        while True:
            limit.reschedule(seconds() + IDLE_SECONDS)
            chunk = await response.content.readany()
            limit.reschedule(None)
            if not chunk:
                break
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _sent_with_another_try(self, request: Call, data: bytes | AsyncIterator[bytes] | None) -> aiohttp.ClientResponse:
        try:
            return await self._sent(request, data)
        except aiohttp.ClientError as error:
            if not _may_go_again(request, data, error) or not self.retries.spend():
                raise
            return await self._sent(request, data)

    async def _sent(self, request: Call, data: bytes | AsyncIterator[bytes] | None) -> aiohttp.ClientResponse:
        url = URL(f"{self._base_url}{request.raw_path}{'?' + request.query if request.query else ''}", encoded=True)
        return await self._session.request(
            request.method, url, headers=request.fields(), data=data, allow_redirects=False, skip_auto_headers=_NOTHING_ADDED
        )

    async def close(self) -> None:
        """The session is closed by who made it."""


_NOTHING_ADDED: Final = ("Accept", "Accept-Encoding", "User-Agent", "Content-Type")


def _may_go_again(request: Call, data: bytes | AsyncIterator[bytes] | None, error: aiohttp.ClientError) -> bool:
    """Whether a request that failed may be sent once more.

    It may where no connection came about, so that nothing was sent; and where a kept connection was closed before a byte of the answer, if
    its Idempotency-Key makes twice the same as once. (For methods that are idempotent by themselves aiohttp does the latter.)
    """
    if data is not None and not isinstance(data, bytes):
        return False
    if isinstance(error, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError):
        return True
    return isinstance(error, aiohttp.ServerDisconnectedError) and "idempotency-key" in request.headers


async def _upload(receive: Receive, limit: int, sent: asyncio.Event, failure: list[Exception]) -> AsyncIterator[bytes]:
    """The body on its way up. What goes wrong here aborts the request, and is kept: aiohttp wraps it in errors of its own."""
    try:
        async for chunk in chunks(receive, limit=limit):
            yield chunk
        sent.set()
    except (BodyTooLarge, CallerGone) as error:
        failure.append(error)
        raise


def require_a_problem(status: int, fields: Fields) -> None:
    """A service's fault is told as a problem or not at all. Raises TemporarilyUnavailable for a 5xx that is no problem document."""
    if status >= 500 and not any(name == b"content-type" and value.startswith(PROBLEM) for name, value in fields):
        raise TemporarilyUnavailable("the service failed")


def network_session(settings: ServiceSettings) -> aiohttp.ClientSession:
    """The gateway's one client: kept connections, no cookies, no redirects, no proxies, nothing decompressed."""
    connector = aiohttp.TCPConnector(limit=CONNECTIONS, ssl=client_context(settings.sibling_authorities_file))
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS)
    return aiohttp.ClientSession(
        connector=connector,
        timeout=timeout,
        auto_decompress=False,
        trust_env=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        read_bufsize=CHUNK,
    )


def upstreams(
    settings: ServiceSettings, transports: Mapping[ServiceName, Transport] | None, session: aiohttp.ClientSession | None
) -> dict[ServiceName, Upstream]:
    """The services behind the door: by the transports of an embedded node, or at the URLs of the settings."""
    if transports is not None:
        return {name: SameProcess(transport) for name, transport in transports.items() if name != "gateway"}
    if session is None:
        raise ValueError("without transports a session is needed")
    return {name: OverNetwork(url, session) for name, url in settings.sibling_urls.items()}
