"""The two faces of the client. Both drive the generators of `safepassage.client.flow`; only waiting differs."""

import random
import ssl
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator
from contextlib import contextmanager
from functools import cache
from types import TracebackType
from typing import Final, Self, TypeVar

import anyio
import httpx2

from safepassage.client.access import Access
from safepassage.client.blocking_operations import BlockingOperations
from safepassage.client.call import Call, Page
from safepassage.client.client_file import ClientFile
from safepassage.client.flow import NeedToken, Outcome, Pause, Send, Step, call_flow, token_flow
from safepassage.client.for_person import Asking, Wanted, push_flow, take_answer
from safepassage.client.operations import AsyncOperations
from safepassage.clock import Clock, system_clock
from safepassage.problems.calls import ClientFileUnusable, NodeUnreachable
from safepassage.trust_members import is_loopback_http

A = TypeVar("A")

HEARD_SECONDS: Final = 15.0
"""That a client waits longer than a node may take: what it says of that is heard, and a call is not made anew that it still works on."""


def _patience(step: Send, timeout: httpx2.Timeout | None) -> httpx2.Timeout:
    return timeout or httpx2.Timeout(30.0, connect=5.0, read=step.answer_seconds + HEARD_SECONDS)


def _tls(file: ClientFile) -> ssl.SSLContext:
    """Certificates are always verified: by the public authorities, or by the one that the client file names."""
    if file.ca_file is None:
        return _public_authorities()
    try:
        return ssl.create_default_context(cafile=file.ca_file)
    except OSError as error:  # of which ssl.SSLError is one
        raise ClientFileUnusable("the PEM file of the authority that it names (ca_file) is missing, or holds no certificate") from error


@cache
def _public_authorities() -> ssl.SSLContext:
    """Read once a process: a hundred and more certificates, some 20 ms each time."""
    return httpx2.create_ssl_context()


@contextmanager
def _by_a_known_way() -> Iterator[None]:
    """Raises NodeUnreachable for a proxy of the environment that cannot be used here, where httpx2 has errors of its own."""
    try:
        yield
    except (ValueError, ImportError, httpx2.InvalidURL) as error:
        raise NodeUnreachable(
            "HTTPS_PROXY, HTTP_PROXY or ALL_PROXY names no http or https proxy; NO_PROXY names hosts without one"
        ) from error


def _unread(error: httpx2.TransportError | httpx2.DecodingError) -> httpx2.TransportError:
    """An answer whose encoding is broken is one that did not come."""
    return error if isinstance(error, httpx2.TransportError) else httpx2.RemoteProtocolError("the answer's encoding is broken")


def _uses_proxies(file: ClientFile) -> bool:
    return not is_loopback_http(file.address)


class Client(AsyncOperations):
    """A client for asyncio and trio.

    async with Client(ClientFile.load(path)) as client:
        student = await client.read_student(student_id)

    purpose    what its tokens are for, where it is not the client file's
    timeout    for every call; by default each waits for its answer a little longer than a node may take for it (45 s, a roster 135)
    transport  another way to the node, such as a test's
    """

    def __init__(
        self,
        file: ClientFile,
        *,
        purpose: str | None = None,
        timeout: httpx2.Timeout | None = None,
        transport: httpx2.AsyncBaseTransport | None = None,
        clock: Clock = system_clock,
        pause: Callable[[float], Awaitable[None]] = anyio.sleep,
    ) -> None:
        self._access, self._clock, self._pause = Access.of(file, purpose=purpose), clock, pause
        self._timeout = timeout
        self._lock = anyio.Lock()
        with _by_a_known_way():
            self._http = httpx2.AsyncClient(base_url=file.address, transport=transport, verify=_tls(file), trust_env=_uses_proxies(file))

    async def run(self, call: Call[A]) -> A:
        """Make a call and give its answer."""
        return await self._drive(call_flow(call, self._access, self._clock, random.random))

    async def pages(self, call: Call[Page[A]]) -> AsyncIterator[A]:
        """Every page of a list, one after the other."""
        following: Call[Page[A]] | None = call
        while following is not None:
            page = await self.run(following)
            yield page.content
            following = page.next

    async def ask_person(
        self, redirect_uri: str, *, scopes: tuple[str, ...] = (), max_age_seconds: int | None = None, acr_values: tuple[str, ...] = ()
    ) -> Asking:
        """Push what the application wants to do for a person; send their browser to `url` (safepassage.client.for_person)."""
        wanted = Wanted(redirect_uri, scopes, max_age_seconds, acr_values)
        return await self._drive(push_flow(wanted, self._access, self._clock, random.random))

    def take_answer(self, asking: Asking, url: str) -> None:
        """Act for the person from now on, with the answer in the address that their browser came back to."""
        take_answer(asking, url, self._access)

    async def headers_for(self, method: str, path: str) -> dict[str, str]:
        """Authorization and DPoP for one request that is sent by other means, with a token if there is none yet. `path` without query."""
        token = await self._need_token()
        return self._access.authorization(method, path, self._clock(), token=token)

    async def _drive(self, flow: Generator[Step, Outcome, A]) -> A:
        outcome: Outcome = None
        while True:
            try:
                step = flow.send(outcome)
            except StopIteration as end:
                answer: A = end.value
                return answer
            outcome = await self._do(step)

    async def _do(self, step: Step) -> Outcome:
        if isinstance(step, Send):
            try:
                patience = _patience(step, self._timeout)
                return await self._http.request(step.method, step.path, headers=step.headers, content=step.content, timeout=patience)
            except (httpx2.TransportError, httpx2.DecodingError) as error:
                return _unread(error)
        if isinstance(step, Pause):
            await self._pause(step.seconds)
        return await self._need_token() if isinstance(step, NeedToken) else None

    async def _need_token(self) -> str:
        async with self._lock:
            held = self._access.token(self._clock())
            return await self._drive(token_flow(self._access, self._clock, random.random)) if held is None else held

    async def aclose(self) -> None:
        """Close its connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.aclose()


class BlockingClient(BlockingOperations):
    """A client for code without an event loop; threads may share it.

    with BlockingClient(ClientFile.load(path)) as client:
        student = client.read_student(student_id)

    Arguments as for `Client`.
    """

    def __init__(
        self,
        file: ClientFile,
        *,
        purpose: str | None = None,
        timeout: httpx2.Timeout | None = None,
        transport: httpx2.BaseTransport | None = None,
        clock: Clock = system_clock,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._access, self._clock, self._pause = Access.of(file, purpose=purpose), clock, pause
        self._timeout = timeout
        self._lock = threading.RLock()
        with _by_a_known_way():
            self._http = httpx2.Client(base_url=file.address, transport=transport, verify=_tls(file), trust_env=_uses_proxies(file))

    def run(self, call: Call[A]) -> A:
        """Make a call and give its answer."""
        return self._drive(call_flow(call, self._access, self._clock, random.random))

    def pages(self, call: Call[Page[A]]) -> Iterator[A]:
        """Every page of a list, one after the other."""
        following: Call[Page[A]] | None = call
        while following is not None:
            page = self.run(following)
            yield page.content
            following = page.next

    def ask_person(
        self, redirect_uri: str, *, scopes: tuple[str, ...] = (), max_age_seconds: int | None = None, acr_values: tuple[str, ...] = ()
    ) -> Asking:
        """Push what the application wants to do for a person; send their browser to `url` (safepassage.client.for_person)."""
        wanted = Wanted(redirect_uri, scopes, max_age_seconds, acr_values)
        return self._drive(push_flow(wanted, self._access, self._clock, random.random))

    def take_answer(self, asking: Asking, url: str) -> None:
        """Act for the person from now on, with the answer in the address that their browser came back to."""
        take_answer(asking, url, self._access)

    def headers_for(self, method: str, path: str) -> dict[str, str]:
        """Authorization and DPoP for one request that is sent by other means, with a token if there is none yet. `path` without query."""
        token = self._need_token()
        return self._access.authorization(method, path, self._clock(), token=token)

    def _drive(self, flow: Generator[Step, Outcome, A]) -> A:
        outcome: Outcome = None
        while True:
            try:
                step = flow.send(outcome)
            except StopIteration as end:
                answer: A = end.value
                return answer
            outcome = self._do(step)

    def _do(self, step: Step) -> Outcome:
        if isinstance(step, Send):
            try:
                patience = _patience(step, self._timeout)
                return self._http.request(step.method, step.path, headers=step.headers, content=step.content, timeout=patience)
            except (httpx2.TransportError, httpx2.DecodingError) as error:
                return _unread(error)
        if isinstance(step, Pause):
            self._pause(step.seconds)
        return self._need_token() if isinstance(step, NeedToken) else None

    def _need_token(self) -> str:
        with self._lock:
            held = self._access.token(self._clock())
            return self._drive(token_flow(self._access, self._clock, random.random)) if held is None else held

    def close(self) -> None:
        """Close its connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()
