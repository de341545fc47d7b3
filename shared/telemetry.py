"""What a process says of itself: one JSON line per request and fault, counters, W3C trace context.

No path parameters, no personal data: what a line may hold is a closed list.
"""

import logging
import re
import sys
import time
from collections.abc import Mapping, MutableMapping
from datetime import UTC, datetime
from typing import Any, Final, TextIO
from uuid import UUID

import msgspec
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.clock import system_clock
from shared.loop_lag import LoopLag
from shared.trace_names import new_request_id, new_span_id, new_trace_id

TRACEPARENT = re.compile(rb"^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$")
_UUID = re.compile(r"[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}")

_STEERING = re.compile("[\x7f-\x9f\u2028\u2029]")
"""What JSON leaves as it is, and a terminal or a reader of lines may take for more than text."""

CODE: Final = "problem_code"
"""Where the state of a request has the code of the problem that it was answered with."""

MEMBERS = frozenset(
    {
        "service", "request_id", "trace_id", "method", "route", "status", "milliseconds", "fault", "place", "code", "event", "count",
        "peer", "serial", "size", "job", "attempt", "kid", "address",
        "member", "digest", "client",
    }
)  # fmt: skip
"""The closed list of what a log line may say beside its message. Anything else is dropped: a new member is a decision."""


class JsonLines(logging.Formatter):
    """One JSON object a line. Messages are constants; what varies is in `extra`, from a closed list."""

    def format(self, record: logging.LogRecord) -> str:
        """The line. An exception is named by its type alone: its text may hold a value."""
        line: dict[str, Any] = {"time": _rfc3339(datetime.fromtimestamp(record.created, UTC)), "level": record.levelname.lower()}
        line |= {"logger": record.name, "message": _UUID.sub("<id>", record.getMessage())}
        line |= {key: value for key, value in vars(record).items() if key in MEMBERS and value is not None}
        if record.exc_info and record.exc_info[0]:
            line["fault"] = record.exc_info[0].__name__
        return one_line(line)


def _rfc3339(at: datetime) -> str:
    """In UTC, to the millisecond."""
    return at.isoformat(timespec="milliseconds")[:23] + "Z"


def one_line(line: Mapping[str, Any]) -> str:
    """A JSON object as one line, whatever is in it: nothing in it ends the line, begins another or steers a terminal."""
    text = msgspec.json.encode(line).decode()
    if text.isascii() and "\x7f" not in text:  # nearly always: found out at a tenth of the price
        return text
    return _STEERING.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


class Lines(logging.StreamHandler[TextIO]):
    """A stream of such lines, to which one can be written as it is."""

    def write(self, line: Mapping[str, Any]) -> None:
        """As `emit`, for what is no record."""
        text = one_line(line) + "\n"
        self.acquire()
        try:
            self.stream.write(text)
            self.flush()
        except (OSError, ValueError):  # as logging does: a log that cannot be written to stops nothing
            pass
        finally:
            self.release()


def tell_request(
    log: logging.Logger,
    *,
    service: str,
    method: str,
    route: str,
    status: int,
    seconds: float,
    request_id: str,
    trace_id: str | None,
    code: str | None = None,
) -> None:
    """The line of a request that was answered. Where it goes to `log_to_stderr` alone no record is made of it: two thirds of its price.

    code  of the problem that it was answered with
    """
    about = {"service": service, "method": method, "route": route, "status": status, "milliseconds": round(seconds * 1000, 1)}
    if code is not None:
        about["code"] = code
    about |= {"request_id": request_id, "trace_id": trace_id} if trace_id else {"request_id": request_id}
    root = logging.root
    if len(root.handlers) == 1 and isinstance(root.handlers[0], Lines) and log.parent is root and log.propagate and not log.handlers:
        if log.isEnabledFor(logging.INFO):
            root.handlers[0].write({"time": _rfc3339(system_clock()), "level": "info", "logger": log.name, "message": "request", **about})
    else:
        log.info("request", extra=about)


def log_to_stderr(level: int = logging.INFO) -> None:
    """Send every logger's lines to standard error in the one format."""
    # What a line never says need not be found out for each: the caller's source line, thread, process (the logging HOWTO,
    # "Optimization"). Half of what a line costs.
    logging._srcfile = None
    logging.logThreads = logging.logMultiprocessing = logging.logProcesses = False
    handler = Lines(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for noisy in ("uvicorn.access", "httpx2", "httpcore2", "alembic", "aiosqlite"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


class Metrics:
    """The counters of one service."""

    def __init__(self, service: str) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter("safe_passage_requests", "Requests", ["service", "route", "method", "status"], registry=self.registry)
        self.seconds = Histogram("safe_passage_request_seconds", "Time to answer", ["service", "route"], registry=self.registry)
        self.service = service
        self._of: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    def observe_loop(self, lag: LoopLag) -> None:
        """Tell how late the loop is, when somebody asks."""
        gauge = Gauge("safe_passage_loop_lag_seconds", "Latest of the event loop in ten seconds", ["service"], registry=self.registry)
        gauge.labels(self.service).set_function(lambda: lag.worst_seconds)

    def of(self, route: str, method: str, status: int) -> tuple[Counter, Histogram]:
        """Counter and histogram of one kind of answer. The route is a template and the method one that it has, so that there are few."""
        found = self._of.get((route, method, status))
        if found is None:
            found = self.requests.labels(self.service, route, method, str(status)), self.seconds.labels(self.service, route)
            self._of[route, method, status] = found
        return found


class Telemetry:
    """Gives each request an id and a trace, logs one line and counts it. Raw ASGI: a tenth of the price of the usual middleware."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics) -> None:
        self.app, self.metrics = app, metrics
        self.log = logging.getLogger(f"safe_passage.{metrics.service}")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        state = scope.setdefault("state", {})
        headers = dict(scope["headers"])
        state["trace_id"], state["request_id"] = _trace(headers), _request_id(headers, internal=b"sp-internal" in headers)
        started, status = time.perf_counter(), 500

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), (b"x-request-id", state["request_id"].encode())]
            await send(message)

        try:
            await self.app(scope, receive, send_with_id)
        finally:
            self._count(scope, state, status, time.perf_counter() - started)

    def _count(self, scope: Scope, state: Mapping[str, Any], status: int, seconds: float) -> None:
        if scope["path"] in ("/livez", "/readyz", "/metrics"):
            return
        route = getattr(scope.get("route"), "path", None) or "unrouted"
        count, time_taken = self.metrics.of(route, scope["method"], status)
        count.inc()
        time_taken.observe(seconds)
        tell_request(
            self.log,
            service=self.metrics.service,
            method=scope["method"],
            route=route,
            status=status,
            seconds=seconds,
            request_id=state["request_id"],
            trace_id=state["trace_id"],
            code=state.get(CODE),
        )


def _trace(headers: Mapping[bytes, bytes]) -> str:
    match = TRACEPARENT.match(headers.get(b"traceparent", b""))
    if match and match[1] != b"0" * 32:
        return match[1].decode()
    return new_trace_id()


def _request_id(headers: Mapping[bytes, bytes], *, internal: bool) -> str:
    """A sibling's request id goes on; one from outside never does."""
    given = headers.get(b"x-request-id", b"").decode("latin-1")
    if internal:
        try:
            return str(UUID(given))
        except ValueError:
            pass
    return new_request_id()


def note_problem(scope: MutableMapping[str, Any], code: str) -> None:
    """Have the line of the request say with which problem it was answered."""
    scope.setdefault("state", {})[CODE] = code


def request_id_of(scope: Mapping[str, Any]) -> str | None:
    """The id of the request that `scope` belongs to."""
    identifier: str | None = scope.get("state", {}).get("request_id")
    return identifier


def propagation(scope: Mapping[str, Any]) -> dict[str, str]:
    """Headers for a call made while handling `scope`: the same trace and request id, a new span."""
    state = scope.get("state", {})
    if "trace_id" not in state:
        return {}
    return {"traceparent": f"00-{state['trace_id']}-{new_span_id()}-01", "x-request-id": state["request_id"]}
