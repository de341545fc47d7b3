"""One request and its answer, as uvicorn has it, for less: the head of an answer waits for the first part of its body, and both leave in
one write. Each write is a call to the kernel that wakes who reads, who then waits again for the rest.
"""

import asyncio
import re
from functools import lru_cache
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

_NOT_IN_NAMES: Final = re.compile(b'[\x00-\x1f\x7f()<>@,;:\\[\\]={} \t\\\\"]')
_NOT_IN_VALUES: Final = re.compile(b"[\x00-\x08\x0a-\x1f\x7f]")
_BODILESS: Final = frozenset({204, 304})

TAKEN_WITHIN_SECONDS: Final = 15.0
LEAST_TAKEN: Final = 16 * 1024
"""Of what waits to be sent: a reader who takes less of it in so many seconds is not waited for."""
_SELDOM_NEW: Final = frozenset(
    {
        b"allow", b"cache-control", b"content-security-policy", b"content-type", b"cross-origin-opener-policy",
        b"cross-origin-resource-policy", b"permissions-policy", b"ratelimit-policy", b"referrer-policy", b"strict-transport-security",
        b"vary", b"www-authenticate", b"x-content-type-options", b"x-frame-options",
    }
)  # fmt: skip
"""Fields with few values, none of which is anybody's own: their lines are made once. They are two thirds of every head."""


class Cycle(RequestResponseCycle):
    """Of one connection, the request that is answered now."""

    _head = b""
    """What is to be sent before the next part of the body."""
    parts = 0
    """How many parts of the answer were written."""
    _until_closed = False
    """The answer says no length, and to whom it goes knows no chunks."""

    async def run_asgi(self, app: Any) -> None:
        """Have it answered. INVARIANT: an answer that breaks off ends its connection then, also where nobody takes what was sent of it."""
        try:
            await app(self.scope, self.receive, self.send)
        except BaseException:  # whatever it is: nobody else would hear of it
            self.logger.exception("Exception in ASGI application\n")
        if not self.response_complete and not self.disconnected:
            if self.response_started:
                self.transport.abort()
            else:
                await self.send_500_response()
        self.on_response = lambda: None

    async def send(self, message: Any) -> None:
        """A part of the answer. Raises RuntimeError for what is no answer."""
        if self.flow.write_paused and not self.disconnected:
            await self._taken()
        if self.disconnected:
            return
        kind = message["type"]
        if not self.response_started:
            if kind != "http.response.start":
                raise RuntimeError(f"an answer does not begin with {kind}")
            self.response_started, self.waiting_for_100_continue = True, False
            self._head = self._head_of(message["status"], message.get("headers", ()))
        elif self.response_complete or kind != "http.response.body":
            raise RuntimeError(f"{kind} is no part of this answer")
        else:
            self._send_part(message.get("body", b""), more=message.get("more_body", False))

    async def _taken(self) -> None:
        """Wait for who reads. INVARIANT: nobody holds an answer, and the connection behind it, by not reading: then this one ends."""
        left = self.transport.get_write_buffer_size()
        while self.flow.write_paused and not self.disconnected:
            try:
                async with asyncio.timeout(TAKEN_WITHIN_SECONDS):
                    await self.flow.drain()
            except TimeoutError:
                before, left = left, self.transport.get_write_buffer_size()
                if not is_taking(before, left):
                    self.disconnected = True
                    self.message_event.set()
                    self.transport.abort()

    def _head_of(self, status: int, fields: Any) -> bytes:
        """INVARIANT: no field makes a line of its own."""
        lines, values, closes = [STATUS_LINE[status]], [], False
        for given, value in (*self.default_headers, *fields):
            if given in _SELDOM_NEW:
                lines.append(_line(given, value))
                continue
            name = _name(given)
            if name == b"content-length" and self.chunked_encoding is None:
                self.expected_content_length, self.chunked_encoding = int(value), False
            elif name == b"transfer-encoding" and value.lower() == b"chunked":
                self.expected_content_length, self.chunked_encoding = 0, True
            elif name == b"connection" and b"close" in [one.strip() for one in value.lower().split(b",")]:
                self.keep_alive, closes = False, True
            lines.append(b"%b: %b\r\n" % (name, value))
            values.append(value)
        _require_values(b"".join(values))
        if not self.keep_alive and not closes:
            lines.append(b"connection: close\r\n")
        if self.chunked_encoding is None and self.scope["method"] != "HEAD" and status not in _BODILESS:
            if self.scope["http_version"] == "1.0":  # knows no chunks: the answer ends with the connection (RFC 9112 section 6.3)
                self.chunked_encoding, self._until_closed = False, True
            else:
                self.chunked_encoding = True
                lines.append(b"transfer-encoding: chunked\r\n")
        lines.append(b"\r\n")
        return b"".join(lines)

    def _send_part(self, body: bytes, *, more: bool) -> None:
        head, self._head = self._head, b""
        if self.scope["method"] == "HEAD":
            self.expected_content_length, body = 0, b""
        elif self.chunked_encoding:
            body = b"%b%b" % (b"%x\r\n%b\r\n" % (len(body), body) if body else b"", b"" if more else b"0\r\n\r\n")
        elif not self._until_closed:
            self.expected_content_length -= len(body)
            if self.expected_content_length < 0 or (not more and self.expected_content_length):
                raise RuntimeError("an answer is as long as it says")
        if head or body:
            self.parts += 1
            self.transport.write(head + body)
        if not more:
            self.response_complete = True
            self.message_event.set()
            if not self.keep_alive:
                self.transport.close()
            self.on_response()


def is_taking(before: int, left: int) -> bool:
    """Whether somebody reads, by what waited to be sent then and what does TAKEN_WITHIN_SECONDS later."""
    return left == 0 or before - left >= LEAST_TAKEN


def _require_values(values: bytes) -> None:
    if _NOT_IN_VALUES.search(values):
        raise RuntimeError("a field of an answer holds a control character")


@lru_cache(maxsize=512)
def _line(name: bytes, value: bytes) -> bytes:
    """Of a field of _SELDOM_NEW. Raises RuntimeError for what is no value."""
    _require_values(value)
    return b"%b: %b\r\n" % (name, value)


@lru_cache(maxsize=256)
def _name(given: bytes) -> bytes:
    """In lower case. Raises RuntimeError for what is no field's name."""
    if not given or _NOT_IN_NAMES.search(given):
        raise RuntimeError("no name of a field")
    return given.lower()
