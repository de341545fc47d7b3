"""Calls to the other services of the node: the same typed call, in process or over HTTP."""

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol, TypeVar
from urllib.parse import quote, urlencode

import aiohttp
from aiohttp import AddrInfoType
from aiohttp.abc import AbstractResolver
from pydantic import BaseModel, ValidationError
from starlette.types import ASGIApp

from safepassage.problems import Problem, SuiteError, problem_from
from safepassage.problems.exports import IndexBehind
from safepassage.problems.log import LogFrozen
from safepassage.problems.requests import InternalFault, LogUnavailable, NotAuthenticated, TemporarilyUnavailable
from shared.certificates import client_context
from shared.clock import Clock
from shared.database import refuse_network_call_in_transaction
from shared.in_process import Answer, call
from shared.internal_token import HEADER, CallerClaims, InternalTokens, Principal
from shared.over_http import TIMEOUT_SECONDS, OverHttp
from shared.telemetry import propagation
from shared.who_may_call import WHO_MAY_CALL, ServiceName

log = logging.getLogger(__name__)

Model = TypeVar("Model", bound=BaseModel)
Query = Mapping[str, str | int | tuple[str, ...]]
"""Of a request; a member with several values is said several times."""

CONNECTIONS = 64
KEPT_SECONDS = 30.0
"""An idle connection is closed here long before the server closes it (node.server)."""
APPENDS = "/internal/entries"
"""Of audit: by which the log takes something."""
NOT_DOWN = (IndexBehind,)
"""Answers of a service with a status of those that are down, which say when it is worth asking again."""


class Transport(Protocol):
    """How a request reaches one sibling."""

    async def send(self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """The sibling's answer. Raises OSError or TimeoutError if there is none."""
        ...

    async def close(self) -> None:
        """Close connections."""
        ...


class InProcess:
    """The embedded node: the sibling's real application in this process. It is set once all four exist."""

    def __init__(self) -> None:
        self.app: ASGIApp | None = None

    async def send(self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Call the application."""
        if self.app is None:
            raise ConnectionRefusedError
        async with asyncio.timeout(TIMEOUT_SECONDS):
            return await call(self.app, method, path, query=query, headers=headers, body=body)

    async def close(self) -> None:
        """Nothing to close."""


def client_session(
    certificates: ssl.SSLContext,
    *,
    seconds: float,
    connect_seconds: float | None = None,
    sockets: Callable[[AddrInfoType], socket.socket] | None = None,
    resolver: AbstractResolver | None = None,
) -> aiohttp.ClientSession:
    """For calls to other processes: nothing of the environment, no cookie, nothing decoded, no header that was not asked for.

    sockets  makes the socket for an address that a connection is about to go to, or raises OSError where none may go
    """
    connector = aiohttp.TCPConnector(
        limit=CONNECTIONS,
        ssl=certificates,
        keepalive_timeout=KEPT_SECONDS,
        socket_factory=sockets,
        resolver=resolver,
    )
    return aiohttp.ClientSession(
        connector=connector,
        timeout=aiohttp.ClientTimeout(total=seconds, sock_connect=connect_seconds),
        cookie_jar=aiohttp.DummyCookieJar(),
        skip_auto_headers=("accept", "accept-encoding", "user-agent"),
        auto_decompress=False,
        trust_env=False,
    )


class Siblings:
    """The siblings that one service may call (shared.who_may_call)."""

    def __init__(self, service: ServiceName, tokens: InternalTokens, transports: Mapping[ServiceName, Transport], clock: Clock) -> None:
        allowed = WHO_MAY_CALL[service]
        self._transports = {name: transport for name, transport in transports.items() if name in allowed}
        self._tokens, self._clock = tokens, clock
        self.log_is_frozen = False
        """Whether audit, when it was last asked for it, took nothing until a person has restored its log."""

    async def call(
        self,
        sibling: ServiceName,
        method: str,
        path: str,
        *,
        answer: type[Model],
        by: Principal | CallerClaims | str,
        body: BaseModel | None = None,
        query: Query | None = None,
        scope: Mapping[str, Any] | None = None,
    ) -> Model:
        """Call `sibling` and give its answer as `answer`.

        by     the principal on whose behalf; whom the gateway itself has proven; or the name of the job of this service that calls
        scope  the ASGI scope of the request that is being handled, so that the trace goes on

        Raises the problem that the sibling answered; LogUnavailable (audit) or TemporarilyUnavailable if it did not answer.
        """
        content = b"" if body is None else as_json(body)
        return parsed(sibling, answer, await self.send(sibling, method, path, by=by, content=content, query=query, scope=scope))

    async def send(
        self,
        sibling: ServiceName,
        method: str,
        path: str,
        *,
        by: Principal | CallerClaims | str,
        content: bytes = b"",
        query: Query | None = None,
        scope: Mapping[str, Any] | None = None,
    ) -> bytes:
        """As `call`, with bytes (JSON) in and out, for those who must not parse and print again."""
        return (await self.answered(sibling, method, path, by=by, content=content, query=query, scope=scope)).body

    async def answered(
        self,
        sibling: ServiceName,
        method: str,
        path: str,
        *,
        by: Principal | CallerClaims | str,
        content: bytes = b"",
        query: Query | None = None,
        idempotency_key: str | None = None,
        scope: Mapping[str, Any] | None = None,
    ) -> Answer:
        """As `send`, with the answer's own headers, for those who read the next page's address off them.

        idempotency_key  a request that is sent again under it is done once (docs/idempotency.md)
        """
        refuse_network_call_in_transaction()
        now: datetime = self._clock()
        token = self._token(sibling, by, now)
        headers = {HEADER: token, "content-type": "application/json", **propagation(scope or {})}
        if idempotency_key is not None:
            headers["idempotency-key"] = idempotency_key
        transport = self._transports.get(sibling)
        if transport is None:
            raise InternalFault(f"{sibling} is not configured")
        try:
            response = await transport.send(method, path, urlencode(query or {}, doseq=True), headers, content)
        except (OSError, TimeoutError) as error:
            raise _unavailable(sibling) from error
        self._note(sibling, path, response)
        if response.status >= 400:
            raise _problem(response, sibling)
        return response

    def _note(self, sibling: ServiceName, path: str, response: Answer) -> None:
        """Whether the log takes entries, off what audit answers: a frozen one is still read."""
        if sibling != "audit":
            return
        if response.status == LogFrozen.status and f'"{LogFrozen.code}"'.encode() in response.body:
            self.log_is_frozen = True
        elif response.status < 400 and path == APPENDS:
            self.log_is_frozen = False

    def _token(self, sibling: ServiceName, by: Principal | CallerClaims | str, now: datetime) -> str:
        if isinstance(by, str):
            return self._tokens.for_job(sibling, by, now)
        if isinstance(by, CallerClaims):  # a service believes this of the gateway alone (shared.internal_token)
            return self._tokens.for_caller(sibling, by, now)
        return self._tokens.for_principal(sibling, by, now)

    async def close(self) -> None:
        """Close every connection."""
        for transport in self._transports.values():
            await transport.close()


def as_json(body: BaseModel) -> bytes:
    """A body as the services read it: names of the wire, no member without a value."""
    return body.model_dump_json(by_alias=True, exclude_none=True).encode()


def parsed(sibling: ServiceName, answer: type[Model], given: bytes) -> Model:
    """What a sibling answered. Nothing of the kind is no answer: LogUnavailable or TemporarilyUnavailable."""
    try:
        return answer.model_validate_json(given)
    except ValidationError as error:
        raise _unavailable(sibling) from error


def _unavailable(sibling: ServiceName) -> SuiteError:
    return LogUnavailable() if sibling == "audit" else TemporarilyUnavailable(f"{sibling} does not answer")


def _problem(response: Answer, sibling: ServiceName) -> SuiteError:
    try:
        problem = problem_from(Problem.model_validate_json(response.body))
    except ValidationError:
        return _unavailable(sibling)
    if isinstance(problem, LogFrozen):
        return LogUnavailable("the log is frozen: a person has to restore it")
    if isinstance(problem, NotAuthenticated):  # a clock that differs, a key that is not read yet: what was sent is not at fault
        log.error("sibling does not take our token", extra={"service": sibling, "code": problem.code})
        return _unavailable(sibling)
    down = response.status in (500, 502, 503, 504)
    return _unavailable(sibling) if down and not isinstance(problem, NOT_DOWN) else problem


def segment(value: object) -> str:
    """A value as one segment of a path."""
    return quote(str(value), safe="")


def transports_over_http(urls: Mapping[ServiceName, str], authorities: Path | None = None) -> dict[ServiceName, Transport]:
    """The transports of a service in production; `authorities` as shared.certificates.client_context has it."""
    certificates = client_context(authorities)
    return {name: OverHttp(url, certificates) for name, url in urls.items()}


__all__: Sequence[str] = (
    "TIMEOUT_SECONDS",
    "InProcess",
    "OverHttp",
    "Siblings",
    "Transport",
    "as_json",
    "client_session",
    "parsed",
    "segment",
    "transports_over_http",
)
