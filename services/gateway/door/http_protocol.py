"""The HTTP that the gateway speaks: uvicorn's httptools protocol, less what two programs could read in two ways.

httptools itself accepts no Host, two Hosts, Authorization twice, a header of megabytes, thousands of fields, an absolute form in the
request line, and waits for ever. Here such a connection gets one problem document, and is closed.
"""

import asyncio
import json
import logging
from typing import Any, Final
from urllib.parse import unquote

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from safepassage.problems.access import HeadersTooLarge, MalformedRequest
from safepassage.problems.problem import SuiteError
from safepassage.problems.requests import TemporarilyUnavailable
from services.gateway.door import http_cycle
from services.gateway.door.header_limit import COUNTED
from services.gateway.door.http_cycle import Cycle, is_taking
from services.gateway.door.request_line import WORDS, is_plain
from shared.internal_token import HEADER

MAX_HEADER_BYTES: Final = 32 * 1024
MAX_FIELDS: Final = 100
"""Of any request. Each route takes less (services.gateway.door.header_limit)."""
MAX_TARGET_BYTES: Final = 8 * 1024
CONNECTIONS_AT_MOST: Final = 10_000
"""Of one process, unless its configuration says otherwise; one more gets one problem document, and is closed."""
BEFORE_AT_MOST: Final = 3
"""Bytes that are kept of what comes before a request: an empty line may, and so many are too many."""
PIPELINED_AT_MOST: Final = 16
"""Requests that wait for the answer to one before them on the same connection. Hardly any program sends more than one."""
HEADER_SECONDS: Final = 10.0
"""A header that takes longer to arrive is not waited for."""
ANSWERED_WITHIN_SECONDS: Final = 1.0
"""Of who has closed their side of the connection: so long after the last part of an answer they are taken to have left."""
UNREAD_SECONDS: Final = 30.0
"""The rest of a body that was refused is let in, so that who sends it comes to read why; not for longer."""
WITHIN: Final = HEADER.encode()
"""Of a request of a process of the node, which closes no half of a connection."""
CERTIFICATE: Final = "tls_certificate"
"""In the state of a request's scope: the DER of the client's certificate, as the handshake proved it; None where there was none."""
ONCE: Final = frozenset({b"host", b"authorization", b"dpop", b"content-length", b"content-type", b"transfer-encoding", b"idempotency-key"})

log = logging.getLogger(__name__)


class _Refused(Exception):
    """Raised in a parser callback: httptools wraps it; the reason is on the protocol."""


class StrictHttpProtocol(HttpToolsProtocol):
    """For `uvicorn.Config(http=StrictHttpProtocol, ws="none")`."""

    def __init__(self, *args: Any, **keywords: Any) -> None:
        super().__init__(*args, **keywords)
        self._refusal: SuiteError | None = None
        self._header_bytes = 0
        self._seen: set[bytes] = set()
        self._in_header = False
        self._sent, self._at_start, self._unended = b"", False, 0
        self._before = b""
        """What came in parts of its own before a request, and begins none: the parser passes over CR and LF there."""
        self._deadline: asyncio.TimerHandle | None = None
        self._certificate: bytes | None = None
        self._idling: asyncio.TimerHandle | None = None
        self._idle_since = 0.0
        self._leaving: asyncio.TimerHandle | None = None
        self._answering: Cycle | None = None
        self._over_tls = False
        self._half_closed: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        """A new connection has a header to send."""
        super().connection_made(transport)
        if len(self.connections) > getattr(self.config, "connections_at_most", CONNECTIONS_AT_MOST):
            self._refusal = TemporarilyUnavailable("this process has as many connections as it takes")
            self.send_400_response("")
            return
        tls = transport.get_extra_info("ssl_object")
        self._over_tls, self._certificate = tls is not None, None if tls is None else tls.getpeercert(binary_form=True)
        self._await_header()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nobody is waited for any more, and who answers is told: not the newest request alone, as uvicorn does."""
        self._header_is_there()
        for timer in (self._idling, self._leaving, self._half_closed):
            if timer is not None:
                timer.cancel()
        if self._answering is not None and not self._answering.response_complete:
            self._answering.disconnected = True
            self._answering.message_event.set()
        super().connection_lost(exc)

    def eof_received(self) -> bool:  # type: ignore[override]  # uvicorn's own never keeps it
        """The caller has closed their side. Whether the connection stays open for the answer.

        They may have left, or only have nothing more to say (RFC 9112 section 9.6): what they have asked for in full is answered, if soon.
        Whoever calls from within the node has left.
        INVARIANT: whoever has left is not worked for longer than ANSWERED_WITHIN_SECONDS; what is written to them they reset.
        """
        cycle = self.cycle
        if self._over_tls or cycle is None or cycle.more_body or cycle.response_complete or self.transport.is_closing():
            return False
        if any(name == WITHIN for name, _ in cycle.scope["headers"]):
            return False
        cycle.keep_alive = False
        self._see_it_answered()
        return True

    def _see_it_answered(self, before: tuple[Cycle | None, int] | None = None) -> None:
        """`before`: which answer was being given then, and how many parts of it there were."""
        now = (self._answering, 0 if self._answering is None else self._answering.parts)
        if now == before and not self.transport.get_write_buffer_size():
            self.transport.abort()
        else:
            self._half_closed = self.loop.call_later(ANSWERED_WITHIN_SECONDS, self._see_it_answered, now)

    def on_message_complete(self) -> None:
        """The end of a body, also of one that nobody reads any more."""
        super().on_message_complete()
        self.cycle.more_body = False

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:
        self._answering = cycle
        super()._start_asgi_task(cycle, app)

    def on_message_begin(self) -> None:
        """The first byte of a request."""
        super().on_message_begin()
        self.scope["state"][CERTIFICATE] = self._certificate
        self._header_bytes, self._seen, self._in_header, self._unended = 0, set(), True, 0

    def data_received(self, data: bytes) -> None:
        """A part of a request, or several: a header that is not whole with it has its time from now on."""
        begun = self._in_header
        if not begun:
            self._at_start = self.cycle is None or not self.cycle.more_body
            self._sent = self._before + data if self._at_start else data
        elif not self.headers:
            self._sent += data
        super().data_received(data)
        if not self._in_header:
            self._before = self._sent[:BEFORE_AT_MOST] if self._at_start else b""
            self._sent = b""
        elif not self.transport.is_closing():
            self._wait_on(len(data) if begun else 0)

    def _wait_on(self, more: int) -> None:
        """For the rest of a header, so much more of which is there. The parser keeps a field until it has ended, however long it gets."""
        self._unended += more
        if self._unended > MAX_HEADER_BYTES + MAX_TARGET_BYTES:
            self._refusal = HeadersTooLarge()
            self.send_400_response("")
        elif self._deadline is None:
            self._await_header()

    def on_url(self, url: bytes) -> None:
        """A part of the request target."""
        super().on_url(url)
        if len(self.url) > MAX_TARGET_BYTES:
            self._refuse(HeadersTooLarge("the request target is too long"))

    def on_header(self, name: bytes, value: bytes) -> None:
        """A field. INVARIANT: what stands behind a body is no header: a proxy that removes and adds fields has not looked at it.

        White space behind a value is none of it (RFC 9112 section 5.1); the parser takes away what stands before it alone.
        """
        if not self._in_header:
            self._refuse(MalformedRequest("no fields stand behind a body"))
        self._header_bytes += len(name) + len(value) + 4
        if self._header_bytes > MAX_HEADER_BYTES or len(self.headers) >= MAX_FIELDS:
            self._refuse(HeadersTooLarge())
        lower, value = name.lower(), value.rstrip(b" \t")
        if lower in ONCE:
            if lower in self._seen:
                self._refuse(MalformedRequest("a field that may come once comes twice", field=lower.decode("ascii")))
            self._seen.add(lower)
        if lower == b"transfer-encoding" and value.lower() != b"chunked":
            self._refuse(MalformedRequest("the only transfer coding is chunked", field="Transfer-Encoding"))
        if lower == b"upgrade":
            self._refuse(MalformedRequest("no other protocol is spoken here", field="Upgrade"))
        if lower == b"expect" and value.lower() == b"100-continue":
            self.expect_100_continue = True
        self.headers.append((lower, value))

    def on_headers_complete(self) -> None:
        """The whole header: before anything is done with it."""
        if b"host" not in self._seen:
            self._refuse(MalformedRequest("a Host is needed", field="Host"))
        if {b"content-length", b"transfer-encoding"} <= self._seen:
            self._refuse(MalformedRequest("the length of the body is said in two ways", field="Content-Length"))
        if not self.url.startswith(b"/"):
            self._refuse(MalformedRequest("the request target is a path"))
        version = self.parser.get_http_version()
        if version != "1.1" and (version != "1.0" or b"transfer-encoding" in self._seen):
            # RFC 9112 section 6.1: what speaks 1.0 knows no chunks, and has read the body in another way than we would
            self._refuse(MalformedRequest("HTTP/1.1 is spoken here, and 1.0 without a transfer coding"))
        method = self.parser.get_method()
        line, sent = b"%b %b%b" % (method, self.url, WORDS[version]), self._sent
        if not (self._at_start and sent.startswith(line)):
            self._look_at(line, method)
        if method == b"CONNECT":
            self._refuse(MalformedRequest("no other connection is made here"))
        self._header_is_there()
        self._in_header = self._at_start = False
        self.scope["state"][COUNTED] = self._header_bytes
        path, _, query = self.url.partition(b"?")
        self.scope |= {
            "method": method.decode("ascii"),
            "http_version": version,
            "path": unquote(path.decode("ascii")),
            "raw_path": path,
            "query_string": query,
        }
        before, keep_alive = self.cycle, version != "1.0" and self.parser.should_keep_alive()
        if getattr(self.server_state, "stopping", False):
            keep_alive = False  # the answer says so, and the next request goes to another process
        self.cycle = Cycle(
            self.scope,
            self.transport,
            self.flow,
            self.logger,
            self.access_logger,
            False,
            self.server_state.default_headers,
            asyncio.Event(),
            self.expect_100_continue,
            keep_alive,
            self.on_response_complete,
        )
        if before is None or before.response_complete:
            self._start_asgi_task(self.cycle, self.app)
        else:
            self.flow.pause_reading()
            self.pipeline.appendleft((self.cycle, self.app))

    def _look_at(self, line: bytes, method: bytes) -> None:
        """The first line of a request that has an empty one in front, stands behind another request, or is almost as it has to be."""
        if len(self.pipeline) >= PIPELINED_AT_MOST:
            self._refuse(MalformedRequest("too many requests before the first is answered"))
        if not is_plain(line, self._sent, at_start=self._at_start, method=method, target=self.url):
            self._refuse(MalformedRequest("a request begins with a method, a path and HTTP/1.1, and one space between them"))

    def on_response_complete(self) -> None:
        """The answer is sent. The next request is begun, or waited for: by one timer for all that come over the connection."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            self._see_it_taken()
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
            return
        self._idle_since = self.loop.time()
        if self._idling is not None and self.cycle.more_body:
            self._idling.cancel()
            self._idling = None
        if self._idling is None:
            self._idling = self.loop.call_later(self._kept_seconds, self._look_whether_idle)

    @property
    def _kept_seconds(self) -> float:
        """For how long the connection is kept without a request; or with the rest of one that was refused."""
        return min(UNREAD_SECONDS, self.timeout_keep_alive) if self.cycle.more_body else self.timeout_keep_alive

    def _look_whether_idle(self) -> None:
        idle, kept = self.loop.time() - self._idle_since, self._kept_seconds
        if self._in_header or not self.cycle.response_complete:
            idle = 0.0
        if idle < kept:
            self._idling = self.loop.call_later(kept - idle, self._look_whether_idle)
        elif not self.transport.is_closing():
            self.transport.close()
            self._see_it_taken()

    def _see_it_taken(self, before: int | None = None) -> None:
        """A connection that is closed ends when its last answer is taken: not waited for where nobody takes it. `before`: what was left."""
        left = self.transport.get_write_buffer_size()
        if before is not None and not is_taking(before, left):
            self.transport.abort()
        elif left:
            self._leaving = self.loop.call_later(http_cycle.TAKEN_WITHIN_SECONDS, self._see_it_taken, left)

    def send_400_response(self, msg: str) -> None:
        """What uvicorn sends for a request that cannot be parsed: here a problem document.

        INVARIANT: nothing is written into another request's answer, nor where the caller would take it for one.
        """
        cycle = self.cycle
        if cycle is not None and (
            not self._in_header if cycle.response_complete else cycle.response_started or self._in_header or self.pipeline
        ):
            self.transport.abort()
            return
        error = self._refusal or MalformedRequest()
        body = json.dumps(error.as_problem().model_dump(exclude_none=True)).encode()
        head = (
            STATUS_LINE[error.status] + b"content-type: application/problem+json\r\ncache-control: no-store\r\n"
            b"x-content-type-options: nosniff\r\nconnection: close\r\ncontent-length: " + str(len(body)).encode() + b"\r\n\r\n"
        )
        if cycle is not None:
            cycle.disconnected = True  # what is under way has no body to come, and nobody to answer
            cycle.message_event.set()
        self.transport.write(head + body)
        self.transport.close()

    def _refuse(self, error: SuiteError) -> None:
        self._refusal = error
        raise _Refused

    def _await_header(self) -> None:
        self._deadline = self.loop.call_later(HEADER_SECONDS, self._too_slow)

    def _header_is_there(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _too_slow(self) -> None:
        self._deadline = None
        if not self.transport.is_closing():
            self.transport.close()
