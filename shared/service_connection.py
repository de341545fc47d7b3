"""One connection to a service of the node: HTTP/1.1 as services speak it inside, one request at a time.

The parser is llhttp, as at the door, with none of its leniencies. An answer whose length is said in two ways or in none, which is longer
than it may be, or that nobody asked for ends the connection: what comes after it could be taken for the answer to somebody else.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import httptools

Fields = list[tuple[bytes, bytes]]
"""Of a header, in their order."""

CHUNK: Final = 256 * 1024
"""So much of an answer is held; one that is shorter is waited for, since it is there at once or fails."""
MAX_HEADER_BYTES: Final = 32 * 1024
MAX_FIELDS: Final = 100
_BODILESS: Final = frozenset({204, 304})


class NotConnected(ConnectionError):
    """No connection came about: nothing was sent."""


class HungUp(ConnectionError):
    """The service closed the connection before a byte of its answer. `kept`: one that had served before, and may have been over by then."""

    def __init__(self, *, kept: bool) -> None:
        super().__init__("closed before a byte of the answer")
        self.kept = kept


class AnswerBroken(ConnectionError):
    """The answer has begun, and is none."""


@dataclass(slots=True)
class ServiceAnswer:
    """The header of an answer, and how long its body is, where that is said; `body` is all of it, where it is there already."""

    status: int
    fields: Fields
    """Names in lower case."""
    length: int | None
    body: bytes | None = None


class ServiceConnection(asyncio.Protocol):
    """A connection, and the request that it carries. `lost` is told when it is over."""

    def __init__(self, lost: Callable[["ServiceConnection"], None]) -> None:
        self._loop, self._lost = asyncio.get_running_loop(), lost
        self._parser = httptools.HttpResponseParser(self)
        self._waiter: asyncio.Future[None] | None = None
        self._deadline = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._room: asyncio.Future[None] | None = None
        self._served, self._busy, self.idle_since = 0, False, 0.0
        self._over = self._paused = False
        self._begin()

    _transport: asyncio.Transport

    def _begin(self) -> None:
        self._heard = self._told = self._sent = self._complete = self._keeps = False
        self._status, self._length, self._header_bytes = 0, None, 0
        self._fields: Fields = []
        self._parts: list[bytes] = []
        self._held, self._failure = 0, None

    _length: int | None
    _failure: Exception | None

    # What a request does with it.

    @property
    def is_open(self) -> bool:
        """Whether it can still carry something, as far as is known here."""
        return not self._over and not self._transport.is_closing()

    def send(self, data: bytes, *, more: bool = False) -> None:
        """Begin a request: its header, and its whole body unless there is more to `write`. Raises HungUp."""
        if not self.is_open:
            raise HungUp(kept=self._served > 0)
        self._begin()
        self._busy, self._sent = True, not more
        self._transport.write(data)

    async def write(self, data: bytes, *, more: bool = True) -> None:
        """Another part of the request's body; waits while the service does not take it. Raises AnswerBroken."""
        if not self.is_open:
            raise AnswerBroken
        self._transport.write(data)
        self._sent = not more
        if self._room is not None:
            await self._room

    async def answer(self, deadline: float) -> ServiceAnswer:
        """The answer; its body is whole if it is short. `deadline`: of the loop's clock. Raises HungUp, AnswerBroken, TimeoutError."""
        if self._failure is None and not self._complete and not (self._status and self._is_long()):
            await self._wait(deadline)
        if self._failure is not None and not self._complete:
            raise self._failure
        self._told = True
        answer = ServiceAnswer(self._status, self._fields, self._length)
        if self._complete:
            answer.body = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
        return answer

    async def part(self, deadline: float) -> bytes:
        """The next part of a body that is not whole yet, as it comes; empty at the end. Raises AnswerBroken, TimeoutError."""
        if not self._parts and not self._complete and self._failure is None:
            await self._wait(deadline)
        if self._parts:
            data = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
            self._parts, self._held = [], 0
            self._read_on()
            return data
        if self._failure is not None:
            raise self._failure
        return b""

    def end(self) -> bool:
        """The request is over. Whether the connection may carry another one: if not, it is closed.

        INVARIANT: one that may carry another is read from, though nobody took the end of a long answer part by part.
        """
        kept = self._complete and self._sent and self._keeps and self.is_open
        self._busy, self._served = False, self._served + 1
        self._parts, self._fields = [], []
        if kept:
            self.idle_since = self._loop.time()
            self._read_on()
        else:
            self.abort(AnswerBroken())
        return kept

    def abort(self, error: Exception) -> None:
        """Close it now; who waits for the answer gets `error`."""
        if self._failure is None:
            self._failure = error
        self._over = True
        self._transport.abort()
        self._wake()

    def _read_on(self) -> None:
        if self._paused:
            self._paused = False
            self._transport.resume_reading()

    async def _wait(self, deadline: float) -> None:
        """By one timer for all requests of the connection: it looks when the first of them would be too slow, and then at the next."""
        self._waiter, self._deadline = self._loop.create_future(), deadline
        if self._timer is None or deadline < self._timer.when():
            self._look_again_at(deadline)
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _look_again_at(self, deadline: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(deadline, self._look_whether_slow)

    def _look_whether_slow(self) -> None:
        self._timer = None
        if self._waiter is None:
            return
        if self._loop.time() >= self._deadline:
            self.abort(TimeoutError())
        else:
            self._look_again_at(self._deadline)

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _is_long(self) -> bool:
        return self._length is None or self._length >= CHUNK

    # What the transport says.

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # of a stream, as uvicorn's
        """It is there."""
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        """It is gone."""
        self._over = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._failure is None:
            self._failure = AnswerBroken() if self._heard else HungUp(kept=self._served > 0)
        self.resume_writing()
        self._wake()
        self._lost(self)

    def pause_writing(self) -> None:
        """The service does not take what is sent."""
        self._room = self._loop.create_future()

    def resume_writing(self) -> None:
        """It does again."""
        if self._room is not None and not self._room.done():
            self._room.set_result(None)
        self._room = None

    def data_received(self, data: bytes) -> None:
        """A part of an answer. INVARIANT: of the answer to the request that is under way, or the connection ends."""
        if not self._busy:
            self.abort(AnswerBroken())
            return
        self._heard = True
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self.abort(AnswerBroken())

    # What the parser says.

    def on_message_begin(self) -> None:
        """An answer begins: one to a request, and those before it that only say that it is coming (1xx). Raises AnswerBroken."""
        if self._complete:
            raise AnswerBroken

    def on_header(self, name: bytes, value: bytes) -> None:
        """A field. Raises AnswerBroken."""
        self._header_bytes += len(name) + len(value) + 4
        if self._status or self._header_bytes > MAX_HEADER_BYTES or len(self._fields) >= MAX_FIELDS:
            raise AnswerBroken  # too much of it, or behind the body, where nothing is read
        self._fields.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        """The whole header. INVARIANT: the length of the body is said in one way, once. Raises AnswerBroken."""
        status = self._parser.get_status_code()
        if status < 200:
            self._fields = []
            return
        lengths = [value for name, value in self._fields if name == b"content-length"]
        codings = [value for name, value in self._fields if name == b"transfer-encoding"]
        if status > 599 or (len(lengths) + len(codings) != 1 and not (status in _BODILESS and not codings)):
            raise AnswerBroken
        if len(lengths) > 1 or (codings and codings[0].lower() != b"chunked"):
            raise AnswerBroken
        if status in _BODILESS:
            self._fields, lengths = [field for field in self._fields if field[0] != b"content-length"], [b"0"]
        self._status, self._length = status, int(lengths[0]) if lengths else None
        if self._is_long():
            self._wake()

    def on_body(self, body: bytes) -> None:
        """A part of the body."""
        self._parts.append(body)
        self._held += len(body)
        if self._held > CHUNK and not self._paused:
            self._paused = True
            self._transport.pause_reading()
        if self._told:
            self._wake()

    def on_message_complete(self) -> None:
        """The end of the body; or of an answer that only said that one is coming."""
        if self._status:
            self._complete, self._keeps = True, self._parser.should_keep_alive()
            self._wake()
