"""Two processes of each service of each node on PostgreSQL, as deploy/k8s has them, and a balancer in front of each two."""

import asyncio
import os
import secrets
import subprocess
import sys
from concurrent.futures import Future
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from threading import Thread
from typing import Any

from bench.exchange_nodes import EightProcesses, OnPostgresql, wait_until_ready
from node.demo.processes import free_port
from shared.who_may_call import ServiceName

OF_EACH = 2


class Balancer:
    """Connections to a port go to those who listen behind it, in turn; to the next one where nobody does. In a thread of its own."""

    def __init__(self) -> None:
        self._began = Future[asyncio.AbstractEventLoop]()
        self._ended = asyncio.Event()
        self._thread = Thread(target=lambda: asyncio.run(self._until_ended()))
        self._thread.start()
        self._loop = self._began.result()

    async def _until_ended(self) -> None:
        async with AsyncExitStack() as self._servers:
            self._began.set_result(asyncio.get_running_loop())
            await self._ended.wait()

    def listen(self, port: int, behind: list[int]) -> None:
        turns = count()

        async def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            for _ in behind:
                with suppress(OSError):
                    there, on = await asyncio.open_connection("127.0.0.1", behind[next(turns) % len(behind)])
                    await asyncio.gather(_copied(reader, on), _copied(there, writer))
                    return
            writer.close()

        async def begin() -> None:
            await self._servers.enter_async_context(await asyncio.start_server(accepted, "127.0.0.1", port))

        asyncio.run_coroutine_threadsafe(begin(), self._loop).result()

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join()


async def _copied(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    writer.close()


@dataclass
class Place:
    """Of one process: it may be another one later."""

    node: OnPostgresql
    service: ServiceName
    port: int
    log: Path
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "node.command", "serve", self.service, "--port", str(self.port)]
        environment = {**os.environ, **self.node.environment(self.service)}  # noqa: TID251 a process of its own
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)

    async def is_killed_and_comes_back(self) -> None:
        assert self.process is not None
        self.process.kill()
        await asyncio.to_thread(self.process.wait, 60)
        self.start()
        await asyncio.to_thread(wait_until_ready, [self.port])


class TwoOfEach(EightProcesses):
    """Sixteen processes, that is."""

    def __init__(self, *about: Any) -> None:
        super().__init__(*about)
        self.places, self.balancer = list[Place](), Balancer()

    def _start(self, node: OnPostgresql) -> None:
        for service, port in node.told["ports"].items():
            behind = [free_port() for _ in range(OF_EACH)]
            self.balancer.listen(port, behind)
            self.places += [Place(node, service, one, node.path / f"{service}.{number}.log") for number, one in enumerate(behind)]
        for place in self.places:
            if place.node is node:
                place.start()

    def _wait(self) -> None:
        wait_until_ready(place.port for place in self.places)

    async def _make(self, node: OnPostgresql, name: str) -> None:
        await super()._make(node, f"{name}_{secrets.token_hex(4)}")

    def _stop(self) -> None:
        running = [place.process for place in self.places if place.process is not None]
        for process in running:
            process.kill()
        for process in running:
            process.wait(timeout=60)
        self.balancer.close()
