"""A well-behaved process: one application a service, with its store, keys, siblings, workers, health and problems."""

import asyncio
import json
import logging
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from fastapi import APIRouter, FastAPI, Response
from fastapi.middleware.asyncexitstack import AsyncExitStackMiddleware
from fastapi.routing import APIRoute
from prometheus_client import generate_latest
from sqlalchemy import text
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from safepassage import __version__
from safepassage.compact import thumbprint
from safepassage.problems.requests import TemporarilyUnavailable
from shared import problems
from shared.clock import Clock, system_clock
from shared.database import Database
from shared.disk import REFUSED
from shared.faults import Faults
from shared.group_commit import GroupCommit
from shared.internal_token import InternalTokens
from shared.json_bodies import MembersOnce
from shared.key_encryption import KeyProvider
from shared.keys import SigningKey, read_public_key
from shared.loop_lag import LoopLag
from shared.outbox import Outbox
from shared.plain_route import PlainRoute, PlainRoutes
from shared.schema_head import require_head
from shared.settings import ServiceSettings
from shared.siblings import Siblings, Transport, transports_over_http
from shared.telemetry import Metrics, Telemetry
from shared.who_may_call import ServiceName, forwarded_to

log = logging.getLogger(__name__)

Worker = Callable[[FastAPI], Coroutine[Any, Any, None]]
"""Runs until cancelled."""

LATE = "the event loop has been late for ten seconds"
ENDED = "a worker has ended"

Opening = Callable[[FastAPI, AsyncExitStack], Awaitable[None]]
"""Puts what the service needs on `app.state` before the first request, and closes it through the stack."""


def build(
    service: ServiceName,
    settings: ServiceSettings,
    *,
    routers: Sequence[APIRouter],
    summary: str,
    tables: Mapping[str, type[Any]] | None,
    opening: Opening | None = None,
    workers: Sequence[Worker] = (),
    transports: Mapping[ServiceName, Transport] | None = None,
    clock: Clock = system_clock,
) -> FastAPI:
    """The application of one service.

    tables      rows of its outbox: `outbox` (OutboxColumns) and `lease` (LeaseColumns), and `idempotency` (IdempotencyColumns) where it has
                `Once`; None for a service that tells nobody
    opening     runs after store, keys and siblings are on `app.state`
    workers     lifespan tasks; with several replicas each takes a lease
    transports  how siblings are reached; by default over HTTP, as the settings say

    `app.state` has: settings, clock, database, internal_tokens, siblings, outbox, write, metrics, holder,
    is_degraded and in_force (what readiness says beside; a service may set them), key_provider and forget_data_keys (a service that seals
    sets them).
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            state = app.state
            state.database = Database.of(settings)
            stack.push_async_callback(state.database.close)
            await require_head(service, state.database)
            state.internal_tokens = internal_tokens(service, settings)
            reached = transports or transports_over_http(settings.sibling_urls, settings.sibling_authorities_file)
            state.siblings = Siblings(service, state.internal_tokens, reached, clock)
            stack.push_async_callback(state.siblings.close)
            own_workers: list[Worker] = [*workers, _measure_loop]
            if tables is not None:
                state.idempotency_row = tables.get("idempotency")
                outbox, lease = tables["outbox"], tables["lease"]
                state.outbox = Outbox(service, state.database, state.siblings, clock, row=outbox, lease=lease, holder=state.holder)
                state.write = GroupCommit(state.database, state.outbox)
                own_workers.append(_send_outbox)
            if opening is not None:
                await opening(app, stack)
            tasks = [asyncio.create_task(worker(app)) for worker in own_workers]
            for task in tasks:
                task.add_done_callback(_say_ended)
            stack.push_async_callback(_stop, tasks)
            state.tasks = tasks
            state.ready = True
            yield
            state.ready = False

    app = _Application(
        title=f"Safe Passage: {service}",
        version=__version__,
        summary=summary,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        # FastAPI's own would send paths, ids in them, to wherever an OTEL_* variable says; ours has a closed list (shared.telemetry).
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
    )
    app.state.settings, app.state.clock, app.state.metrics = settings, clock, Metrics(service)
    app.state.loop_lag = LoopLag()
    app.state.metrics.observe_loop(app.state.loop_lag)
    app.state.holder, app.state.ready, app.state.tasks = secrets.token_hex(8), False, []
    app.state.is_degraded, app.state.in_force = lambda: False, {}
    app.state.key_provider, app.state.forget_data_keys = None, lambda: None
    for router in (_health, *routers):
        app.router.routes.extend(_as_they_are(router))
    app.plain_routes = [route for router in routers for route in router.routes if isinstance(route, PlainRoute)]
    problems.install(app)
    problems.document(app)
    return app


def _as_they_are(router: APIRouter) -> list[BaseRoute]:
    """The routes of a router that has everything of its own, each named by its function in the OpenAPI document.

    `include_router` would make each of them anew for every application, types and dependencies and all, at its first requests: a third of
    the time that a node takes until it has answered on every service.
    """
    for route in router.routes:
        if isinstance(route, APIRoute):
            route.operation_id = route.unique_id = route.name
    return router.routes


class _Application(FastAPI):
    """FastAPI without the layers that would do nothing here: Faults answers for what failed, and nobody traces (`telemetry=`)."""

    plain_routes: Sequence[PlainRoute] = ()

    def build_middleware_stack(self) -> ASGIApp:
        """From the outside: what a service added, telemetry, faults, problems of known errors, members once, plain routes, others."""
        handlers: dict[Any, Any] = self.exception_handlers
        plain = PlainRoutes(AsyncExitStackMiddleware(self.router), self.plain_routes)
        layered: ASGIApp = Faults(ExceptionMiddleware(MembersOnce(plain), handlers=handlers))
        layered = Telemetry(layered, metrics=self.state.metrics)
        for layer, arguments, options in reversed(self.user_middleware):
            layered = layer(layered, *arguments, **options)
        return layered


def internal_tokens(service: ServiceName, settings: ServiceSettings) -> InternalTokens:
    """The service's own key, and the public keys of those whose tokens it may meet. Raises KeyFileUnusable."""
    folder = settings.keys_directory
    callers = {}
    for caller in forwarded_to(service):
        key = read_public_key(folder / "callers" / f"{caller}.json")
        callers[caller] = {thumbprint(key): key}
    return InternalTokens(service, SigningKey.load(folder / "internal.json"), callers)


async def _measure_loop(app: FastAPI) -> None:
    await app.state.loop_lag.run()


async def _send_outbox(app: FastAPI) -> None:
    await app.state.outbox.run()


def _say_ended(task: asyncio.Task[None]) -> None:
    if not task.cancelled():
        log.critical("a worker has ended", extra={"fault": type(task.exception()).__name__})


async def _stop(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


_health = APIRouter(tags=["health"])


async def livez(request: Any) -> Response:
    """The process runs, its loop turns in time, and what works behind its endpoints is at work: where it is not, only a restart helps.

    Raises TemporarilyUnavailable; where the loop was late at every look of ten seconds, too.
    """
    state = request.app.state
    if state.loop_lag.is_late:
        raise TemporarilyUnavailable(LATE)
    if state.ready and _has_ended(state.tasks):
        raise TemporarilyUnavailable(ENDED)
    return Response('{"status":"alive"}', media_type="application/json")


def _readiness(app: FastAPI) -> str | None:
    if not app.state.ready:
        return "starting or stopping"
    if app.state.database.disk.refused:
        return REFUSED
    return ENDED if _has_ended(app.state.tasks) else None


def _has_ended(workers: Sequence[asyncio.Task[None]]) -> bool:
    return any(task.done() for task in workers)


async def readyz(request: Any) -> Response:
    """The service can do its work: its store answers, its workers run, its keys may be used.

    Degraded, it does, and something beside needs a person: what seals, or the log, which takes nothing.

    Raises TemporarilyUnavailable, KeysUnavailable.
    """
    state, reason = request.app.state, _readiness(request.app)
    if reason is None:
        keys: KeyProvider | None = state.key_provider
        if keys is not None:
            keys.require_usable()
        async with state.database.reading() as tx:
            await tx.execute(text("SELECT 1"))
        in_trouble = (keys is not None and keys.trouble is not None) or state.siblings.log_is_frozen
        status = "degraded" if in_trouble or state.is_degraded() else "ready"
        return Response(json.dumps({"status": status, **state.in_force}, separators=(",", ":")), media_type="application/json")
    raise TemporarilyUnavailable(reason)


async def metrics(request: Any) -> Response:
    """Counters for Prometheus; not routed by the gateway."""
    return Response(generate_latest(request.app.state.metrics.registry), media_type="text/plain; version=0.0.4")


_health.add_route("/livez", livez, include_in_schema=False)
_health.add_route("/readyz", readyz, include_in_schema=False)
_health.add_route("/metrics", metrics, include_in_schema=False)
