"""How a request reaches the service that answers it: by a call in the same process, or by HTTP (over_network).

In process the body and the answer are bounded and whole, but for routes that stream.
"""

import asyncio
from collections.abc import Mapping
from functools import partial
from math import inf

from prometheus_client import Gauge
from starlette.types import ASGIApp, Message, Receive, Send

from safepassage.problems.requests import AnswerTooLate, BodyTooLarge, TemporarilyUnavailable
from services.gateway.door.bodies import CallerGone, chunks, whole
from services.gateway.door.headers import returned
from services.gateway.door.over_network import OverNetwork
from services.gateway.door.service_call import Call, Upstream, require_a_problem
from shared.certificates import client_context
from shared.connection_pool import ConnectionPool
from shared.in_process import call, scope_of
from shared.settings import ServiceSettings
from shared.siblings import InProcess, Transport
from shared.telemetry import Metrics
from shared.who_may_call import ServiceName


class SameProcess:
    """A sibling of the embedded node."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def forward(self, request: Call, receive: Receive, send: Send) -> int:
        """Call it with the whole body, send its whole answer; or a part at a time, on a route that streams.

        Raises AnswerTooLate, TemporarilyUnavailable, and what `whole` raises.
        """
        if request.route.streams and isinstance(self._transport, InProcess) and self._transport.app is not None:
            return await _Streaming(request, receive, send).go(self._transport.app)
        seconds, route = asyncio.get_running_loop().time, request.route
        ends = seconds() + route.total_seconds
        body = await whole(receive, limit=route.body_bytes, until=ends) if request.has_body else b""
        transport = self._transport
        try:
            async with asyncio.timeout_at(min(ends, seconds() + route.answer_seconds)):
                if isinstance(transport, InProcess) and transport.app is not None:
                    arguments = (transport.app, request.method, request.raw_path)
                    answer = await call(*arguments, query=request.query, headers=request.fields(), body=body)
                else:
                    answer = await transport.send(request.method, request.raw_path, request.query, request.fields(), body)
        except TimeoutError as error:
            raise AnswerTooLate from error
        except OSError as error:
            raise TemporarilyUnavailable("the service does not answer") from error
        given = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers.items()]
        require_a_problem(answer.status, given)
        headers = [*returned([field for field in given if field[0] != b"content-length"]), *request.answer_headers]
        headers.append((b"content-length", str(len(answer.body)).encode()))
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body, "more_body": False})
        return answer.status

    is_left_alone = False
    """It is up or down with this very process."""

    async def close(self) -> None:
        """Nothing to close."""


class _Streaming:
    """A large request in the same process: neither its body nor its answer is ever whole in memory."""

    def __init__(self, request: Call, receive: Receive, send: Send) -> None:
        self._request, self._receive, self._send = request, receive, send
        self._parts = aiter(chunks(receive, limit=request.route.body_bytes)) if request.has_body else None
        self._ends = asyncio.get_running_loop().time() + request.route.total_seconds
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
            if self._status:
                raise ConnectionAbortedError from None
            raise AnswerTooLate from error
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
            self._limit.reschedule(None if self._ends == inf else self._ends)
            given = list(message["headers"])
            require_a_problem(message["status"], given)
            self._status = message["status"]
            message = {**message, "headers": [*returned(given), *self._request.answer_headers]}
        await self._send(message)


def observe(services: Mapping[ServiceName, Upstream], metrics: Metrics) -> None:
    """Say of each service whether it is left alone. INVARIANT: inside alone; readiness, which strangers see, says that something is."""
    gauge = Gauge("safe_passage_service_left_alone", "1 where a service failed too often", ["upstream"], registry=metrics.registry)
    for name, service in services.items():
        gauge.labels(name).set_function(partial(_left_alone, service))


def _left_alone(service: Upstream) -> float:
    return float(service.is_left_alone)


def upstreams(settings: ServiceSettings, transports: Mapping[ServiceName, Transport] | None) -> dict[ServiceName, Upstream]:
    """The services behind the door: by the transports of an embedded node, or at the URLs of the settings."""
    if transports is not None:
        return {name: SameProcess(transport) for name, transport in transports.items() if name != "gateway"}
    certificates = client_context(settings.sibling_authorities_file)
    return {name: OverNetwork(ConnectionPool(url, certificates)) for name, url in settings.sibling_urls.items()}
