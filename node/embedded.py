"""The embedded node: four real services in one process, each with its own SQLite file, called by its siblings without sockets.

It is one trust domain, and says so: the walls between the services are there in code, not between processes.
"""

import importlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

from fastapi import FastAPI
from starlette.types import Receive, Scope, Send

from node.folder import NodeFolder
from shared.clock import Clock, system_clock
from shared.database import Database
from shared.schema_head import current, head_of, require_known
from shared.siblings import InProcess, Transport
from shared.who_may_call import SERVICES, ServiceName

STARTING_ORDER: tuple[ServiceName, ...] = ("audit", "privacy", "records", "gateway")
"""Who is called starts before who calls."""


class EmbeddedNode:
    """The ASGI application of a node in a folder: its gateway, with the three others behind it."""

    def __init__(
        self, folder: NodeFolder, *, clock: Clock = system_clock, started: Callable[[NodeFolder], Awaitable[None]] | None = None
    ) -> None:
        self.folder, self._started = folder, started
        self._doors = {service: InProcess() for service in SERVICES}
        transports: Mapping[ServiceName, Transport] = dict(self._doors)
        self.applications: dict[ServiceName, FastAPI] = {}
        for service in SERVICES:
            module = importlib.import_module(f"services.{service}.app")
            self.applications[service] = module.create_app(folder.settings(service), transports=transports, clock=clock)
            self._doors[service].app = self.applications[service]

    @asynccontextmanager
    async def running(self) -> AsyncIterator["EmbeddedNode"]:
        """Bring the stores to head and run the services until the block ends. The caller holds the folder's lock (node.locks).

        Raises StoreOfLaterVersion.
        """
        await migrate_all(self.folder)
        async with AsyncExitStack() as stack:
            for service in STARTING_ORDER:
                await stack.enter_async_context(self.applications[service].router.lifespan_context(self.applications[service]))
            yield self

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Requests go to the gateway; the server's lifespan is the node's."""
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        else:
            await self.applications["gateway"](scope, receive, send)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            async with self.running():
                if self._started is not None:
                    await self._started(self.folder)
                await send({"type": "lifespan.startup.complete"})
                await receive()
        except Exception as error:
            await send({"type": "lifespan.startup.failed", "message": f"{type(error).__name__}: {error}"})
            raise
        await send({"type": "lifespan.shutdown.complete"})


async def require_none_later(folder: NodeFolder) -> None:
    """Raises StoreOfLaterVersion where a later version has migrated one of the folder's stores."""
    async with AsyncExitStack() as stack:
        for service in SERVICES:
            if folder.store(service).exists():
                require_known(service, await current(await _open(folder, service, stack)))


async def migrate_all(folder: NodeFolder) -> None:
    """Bring every store of the folder to head. Raises StoreOfLaterVersion before any of them is changed."""
    behind: dict[ServiceName, Database] = {}
    async with AsyncExitStack() as stack:
        for service in SERVICES:
            there = folder.store(service).exists()
            folder.store(service).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            database = await _open(folder, service, stack)
            revision = await current(database) if there else None
            require_known(service, revision)
            if revision != head_of(service):
                behind[service] = database
        for service, database in behind.items():
            from shared.migrations import migrate  # noqa: PLC0415 half a second, for a start that changes a schema

            await migrate(service, database)


async def _open(folder: NodeFolder, service: ServiceName, stack: AsyncExitStack) -> Database:
    """A service's store, which is closed with `stack`."""
    database = Database.of(folder.settings(service))
    stack.push_async_callback(database.close)
    return database
