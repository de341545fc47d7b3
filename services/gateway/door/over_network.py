"""A service in another process: asked by HTTP, streamed both ways.

A small body is taken whole before the service is troubled with it, so that a slow sender costs it nothing; of a large one, and of every
long answer, nothing is kept but a chunk: a slow reader slows the service down, a reader who leaves stops it. A service that fails too often
is left alone for a while.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from math import inf
from typing import Final

from starlette.types import Receive, Send

from safepassage.problems.requests import AnswerTooLate, TemporarilyUnavailable
from services.gateway.door.bodies import IDLE_SECONDS, CallerTooSlow, chunks, whole
from services.gateway.door.callers_leaving import CallersLeaving
from services.gateway.door.circuit_breaker import CircuitBreaker, Outcome, RetryBudget
from services.gateway.door.headers import returned
from services.gateway.door.service_call import Call, require_a_problem
from shared.connection_pool import ConnectionPool
from shared.service_connection import AnswerBroken, HungUp, NotConnected, ServiceAnswer, ServiceConnection

TAKEN_WHOLE: Final = 1024 * 1024
"""Bodies of routes that take no more than this are taken whole first."""
_SAME_TWICE: Final = frozenset({"GET", "PUT", "DELETE"})
"""Methods that are idempotent (RFC 9110 section 9.2.2), of those that routes have."""
_BODILESS: Final = frozenset({"GET", "DELETE"})
"""Methods that say nothing of a body that they do not have (RFC 9110 section 8.6)."""

Parts = AsyncIterator[bytes]


class OverNetwork:
    """A service in another process."""

    def __init__(self, pool: ConnectionPool, *, seconds: Callable[[], float] = time.monotonic) -> None:
        self.pool, self._seconds = pool, seconds
        self.breaker, self.retries = CircuitBreaker(), RetryBudget()
        self._callers = CallersLeaving()

    async def forward(self, request: Call, receive: Receive, send: Send) -> int:
        """Stream it there and back, unless the service is left alone; stop as soon as the caller leaves."""
        probe = self.breaker.enter(self._seconds())
        outcome: Outcome = "left"
        try:
            status = await self._watched(request, receive, send)
            outcome = "answered"
        except CallerTooSlow:
            raise
        except (TemporarilyUnavailable, ConnectionAbortedError):
            outcome = "failed"
            raise
        finally:
            self.breaker.leave(outcome, self._seconds(), probe=probe)
        return status

    async def _watched(self, request: Call, receive: Receive, send: Send) -> int:
        sent, ends = asyncio.Event(), asyncio.get_running_loop().time() + request.route.total_seconds
        body, parts = b"", None
        if request.has_body and request.route.body_bytes > TAKEN_WHOLE:
            parts = chunks(receive, limit=request.route.body_bytes, until=ends)
        else:
            body = await whole(receive, limit=request.route.body_bytes, until=ends) if request.has_body else b""
            sent.set()
        async with self._callers.stopped(receive, sent):
            return await _Exchange(self.pool, self.retries, request, send, ends).go(body, parts, sent)

    @property
    def is_left_alone(self) -> bool:
        """As its circuit breaker has it."""
        return self.breaker.is_open

    async def close(self) -> None:
        """Close connections."""
        await self.pool.close()


class _Exchange:
    """One request and its answer. `ends`: when it is over, of the loop's clock."""

    def __init__(self, pool: ConnectionPool, retries: RetryBudget, request: Call, send: Send, ends: float) -> None:
        self._pool, self._retries, self._request, self._send = pool, retries, request, send
        self._seconds = asyncio.get_running_loop().time
        self._ends, self._deadline = ends, min(ends, self._seconds() + request.route.answer_seconds)
        self._connection: ServiceConnection | None = None
        self._upload: asyncio.Task[None] | None = None
        self._failure: Exception | None = None
        """What went wrong with the body on its way up: it is told instead of what the service made of it."""
        self._begun = self._giving = False
        """Whether the answer has begun; and whether it is the caller who is waited for, to take some of it."""

    async def go(self, body: bytes, parts: Parts | None, sent: asyncio.Event) -> int:
        """The status. Raises AnswerTooLate, TemporarilyUnavailable while nothing is answered yet, ConnectionAbortedError after.

        INVARIANT: whoever is slow at what is theirs to do says nothing of the service: CallerTooSlow, and what went wrong with their body.
        """
        self._retries.earn()
        try:
            if parts is None:
                answer = await self._whole(body)
            else:
                answer = await self._streamed(parts, sent)
            return await self._answer(answer)
        except (OSError, TimeoutError) as error:
            if self._begun:
                raise (CallerTooSlow if self._giving or self._failure is not None else ConnectionAbortedError) from None
            if self._failure is not None:
                raise self._failure from error
            if isinstance(error, TimeoutError):
                raise AnswerTooLate from error
            raise TemporarilyUnavailable("the service does not answer") from error
        finally:
            if self._upload is not None:
                self._upload.cancel()
            self._leave()

    async def _whole(self, body: bytes) -> ServiceAnswer:
        try:
            return await self._asked(body)
        except (NotConnected, HungUp) as error:
            if not _may_go_again(self._request, error) or not self._retries.spend():
                raise
            self._leave()
            return await self._asked(body)

    async def _asked(self, body: bytes) -> ServiceAnswer:
        connection = self._connection = await self._pool.take(self._deadline)
        connection.send(request_head(self._request, self._pool, length=len(body)) + body)
        return await connection.answer(self._deadline)

    async def _streamed(self, parts: Parts, sent: asyncio.Event) -> ServiceAnswer:
        """Sent once: what of it was read is gone. An answer that comes before the end of the body is one too."""
        connection = self._connection = await self._pool.take(self._deadline)
        said = self._request.headers.get("content-length")
        connection.send(request_head(self._request, self._pool, length=None if said is None else int(said)), more=True)
        self._upload = asyncio.create_task(self._send_up(connection, parts, sent, chunked=said is None))
        return await connection.answer(self._deadline)

    async def _send_up(self, connection: ServiceConnection, parts: Parts, sent: asyncio.Event, *, chunked: bool) -> None:
        try:
            async for part in parts:
                await connection.write(b"%x\r\n%b\r\n" % (len(part), part) if chunked else part)
            await connection.write(b"0\r\n\r\n" if chunked else b"", more=False)
            sent.set()
        except Exception as error:  # whatever it is, nobody else would hear of it, and the service waits for the rest
            self._failure = None if isinstance(error, ConnectionError) else error
            connection.abort(AnswerBroken())

    async def _answer(self, answer: ServiceAnswer) -> int:
        require_a_problem(answer.status, answer.fields)
        start = {
            "type": "http.response.start",
            "status": answer.status,
            "headers": [*returned(answer.fields), *self._request.answer_headers],
        }
        self._begun = True
        await self._send(start)
        if answer.body is not None:
            await self._send({"type": "http.response.body", "body": answer.body, "more_body": False})
        else:
            async with asyncio.timeout_at(None if self._ends == inf else self._ends):  # also where the caller is who is slow
                await self._stream()
        return answer.status

    async def _stream(self) -> None:
        """Send the body chunk by chunk, as fast as the caller takes it; the service may pause for IDLE_SECONDS."""
        connection = self._connection
        while connection is not None and (part := await connection.part(self._seconds() + IDLE_SECONDS)):
            self._giving = True
            await self._send({"type": "http.response.body", "body": part, "more_body": True})
            self._giving = False
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    def _leave(self) -> None:
        if self._connection is not None:
            self._pool.give_back(self._connection)
            self._connection = None


def request_head(request: Call, pool: ConnectionPool, *, length: int | None) -> bytes:
    """The request's header.

    length  of the body, which goes up in chunks where none is said

    INVARIANT: there are as many lines as are written here: nothing that was sent to the gateway makes another one.
    """
    target = f"{pool.prefix}{request.raw_path}{'?' + request.query if request.query else ''}"
    lines = [f"{request.method} {target} HTTP/1.1", f"host: {pool.authority}"]
    lines += [f"{name}: {value}" for name, value in request.fields().items() if name != "content-length"]
    if length is None:
        lines.append("transfer-encoding: chunked")
    elif length or request.method not in _BODILESS:
        lines.append(f"content-length: {length}")
    head = "\r\n".join(lines).encode("latin-1")
    if head.count(b"\n") != len(lines) - 1 or head.count(b"\r") != len(lines) - 1:
        raise ValueError("a line within a field")
    return head + b"\r\n\r\n"


def _may_go_again(request: Call, error: NotConnected | HungUp) -> bool:
    """Whether a request that failed may be sent once more.

    It may where no connection came about, so that nothing was sent; and where the service hung up before a byte of the answer, if its
    Idempotency-Key makes twice the same as once, as it does where the operation takes one; or its method does and the connection was one
    that had been kept: as the service may have closed it before it heard anything.
    """
    if isinstance(error, NotConnected):
        return True
    return (request.route.keyed and "idempotency-key" in request.headers) or (error.kept and request.method in _SAME_TWICE)
